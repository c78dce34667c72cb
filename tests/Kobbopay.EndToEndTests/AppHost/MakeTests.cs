using System.Net;
using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>The README's <c>make</c> commands, as they are typed.</summary>
public sealed class MakeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly string Checkout = Path.GetDirectoryName(ShellExamples.File("Kobbopay.sln"))!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Make_run_builds_starts_and_says_what_to_paste_and_make_pay_pays()
    {
        // No part of the build stays behind and holds the screen.
        await using var kobbopay = await RunningKobbopay.StartAsync(
            folder: null, "env", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false",
            "make", "--no-print-directory", "-C", Checkout, "run");
        kobbopay.Lines.Should().Contain("Building ...")
            .And.Contain(line => line.Contains("/v1/payments", StringComparison.Ordinal));
        using var visitor = kobbopay.Merchant();
        using var docs = await visitor.GetAsync(new Uri("/docs", UriKind.Relative), Token);
        docs.StatusCode.Should().Be(HttpStatusCode.OK);
        // The network is open once its chain is being followed.
        await Eventually.TrueAsync(
            async () => (await visitor.GetStringAsync(new Uri("/v1/rails", UriKind.Relative), Token))
                .Contains("dev-evm", StringComparison.Ordinal),
            Patience);

        await using var shell = await ShellExamples.StartAsync(kobbopay, "bash", "-eu", "-c", Script(kobbopay));
        var exit = await shell.Process.Exited.WaitAsync(Patience, Token);
        exit.Code.Should().Be(0, exit.Tail);
        shell.Lines.Should().Contain(line => line.StartsWith("Sent 10.5 USDT to 0x", StringComparison.Ordinal))
            .And.Contain(line => line.Contains("\"network\":\"dev-evm\"", StringComparison.Ordinal));
    }

    /// <summary>The blocks about the EVM chain; <c>make</c> works in the checkout, on this system's folder.</summary>
    private static string Script(RunningKobbopay kobbopay)
    {
        var readme = ShellExamples.Page("README.md");
        var part = readme[readme.IndexOf("## The same on an EVM chain", StringComparison.Ordinal)..];
        var blocks = ShellExamples.BlocksOf(part[..part.IndexOf("\n## ", StringComparison.Ordinal)]);
        blocks.Should().ContainSingle();
        return $$"""
            export KOBBOPAY_FOLDER={{kobbopay.Folder}}
            make() { command make --no-print-directory -C {{Checkout}} "$@"; }
            {{blocks[0]}}
            """;
    }
}
