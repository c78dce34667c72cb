using System.Collections.Concurrent;
using System.Globalization;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Sdk;

/// <summary>The packages for merchants in a program that is compiled ahead of time, against all services.</summary>
public sealed class NativeTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("kobbopay-native-").FullName;
    private readonly ConcurrentQueue<string> _lines = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_shop_that_is_compiled_ahead_of_time_creates_follows_and_takes_webhooks()
    {
        // Everything in a folder of its own: what the other tests run stays as it was built. A warning of the trimmer
        // or of the compiler is an error, as everywhere.
        var published = Path.Combine(_folder, "published");
        await RunAsync(
            "dotnet", "publish", Path.Combine("tests", "Kobbopay.Testing.Native"), "--configuration", "Release",
            "--use-current-runtime", "--output", published, "--nologo", "-v", "quiet", "-nodeReuse:false",
            "-p:PublishAot=true", "-p:UseSharedCompilation=false",
            $"-p:ArtifactsPath={Path.Combine(_folder, "built")}");
        Directory.GetFiles(published, "*.dll").Should().BeEmpty();

        var merchant = await SdkMerchant.OfAsync(system);
        _lines.Clear();
        await RunAsync(
            Path.Combine(published, "Kobbopay.Testing.Native"), system.Http.BaseAddress!.ToString(),
            merchant.Merchant.TestKey, LoopbackPorts.Free(1)[0].ToString(CultureInfo.InvariantCulture), _folder);

        _lines.Should().Contain(
        [
            "order-123 waits for 10.5 USDT", "webhook payment.created of order-123",
            "webhook payment.confirmed of order-123", "ship order-123",
        ]).And.Contain(line => line.StartsWith("paid already by pay_", StringComparison.Ordinal));
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        await using var process = await ChildProcess.StartAsync(
            new ChildCommand(program, program, arguments)
            {
                OnLine = _lines.Enqueue,
                WorkingDirectory = Checkout.Folder,
            },
            Token);
        var exit = await process.Exited.WaitAsync(Patience, Token);
        exit.Code.Should().Be(0, string.Join('\n', _lines));
    }
}
