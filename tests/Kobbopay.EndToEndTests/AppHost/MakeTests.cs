using System.Net;
using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>The README's commands to start, measure and clean, as they are typed.</summary>
public sealed class MakeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>In the checkout; no part of a build stays behind and holds the screen.</summary>
    private static readonly string[] InCheckout =
        ["env", "-C", Checkout.Folder, "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Make_run_builds_starts_and_says_what_to_paste_and_make_pay_pays()
    {
        await using var kobbopay = await RunningKobbopay.StartAsync(
            folder: null, [.. InCheckout, "make", "run"]);
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

    [Fact]
    public async Task Dotnet_run_starts_the_same_where_there_is_no_container_runtime()
    {
        const string Command = "dotnet run --project Kobbopay.AppHost";
        ShellExamples.Page("README.md").Should().Contain($"`{Command}`");
        // A machine that has one would start Aspire.
        await using var kobbopay = await RunningKobbopay.StartAsync(
            folder: null, [.. InCheckout, "UseAspire=false", .. Command.Split(' ')]);

        using var merchant = kobbopay.Merchant();
        using var rails = await merchant.GetAsync(new Uri("/v1/rails", UriKind.Relative), Token);
        rails.StatusCode.Should().Be(HttpStatusCode.OK);
        (await kobbopay.StopAsync()).Code.Should().Be(0);
    }

    [Fact]
    public async Task Make_clean_refuses_while_it_runs_and_then_forgets_all_of_it()
    {
        // It cleans the folder that it stands in, so it stands in another one here.
        var folder = Servers.NewFolder("cleaned");
        Directory.CreateDirectory(Path.Combine(folder, "scripts"));
        foreach (var file in new[] { "Makefile", Path.Combine("scripts", "clean.sh") })
            File.Copy(Checkout.PathOf(file), Path.Combine(folder, file));
        Directory.CreateDirectory(Path.Combine(folder, "artifacts", "local"));
        await using var kobbopay = await RunningKobbopay.StartAsync(folder);

        var refused = await RunAsync("make", "-C", folder, "clean");
        refused.Code.Should().NotBe(0);
        refused.Tail.Should().Contain("Kobbopay is running in this folder: stop it first.");
        File.Exists(kobbopay.DemoFile).Should().BeTrue();

        await kobbopay.StopAsync();
        var done = await RunAsync("make", "-C", folder, "clean");
        done.Code.Should().Be(0, done.Tail);
        Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).Should().BeEquivalentTo("Makefile", "scripts");
    }

    [Fact]
    public async Task Make_bench_runs_what_its_page_shows_in_seconds()
    {
        var only = "create --quick";
        ShellExamples.Page("bench/README.md").Should().Contain($"make bench ONLY=\"{only}\"");

        var exit = await RunAsync([.. InCheckout, "make", "bench", $"ONLY={only}"]);

        exit.Code.Should().Be(0, exit.Tail);
        exit.Tail.Should().Contain("| P1 |").And.Contain("| P2 |");
    }

    [Fact]
    public async Task Make_alone_tells_of_every_target()
    {
        var targets = (await File.ReadAllLinesAsync(Checkout.PathOf("Makefile"), Token))
            .Single(line => line.StartsWith(".PHONY:", StringComparison.Ordinal))
            .Split(' ')[1..].Where(target => target != "help");

        var exit = await RunAsync([.. InCheckout, "make"]);

        exit.Code.Should().Be(0);
        // Under `make test` it says besides which folder it is in.
        exit.LastLines.Where(line => line.StartsWith("make ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[1]).Should().BeEquivalentTo(targets);
    }

    private static async Task<ChildExit> RunAsync(params string[] program)
    {
        await using var process = await ChildProcess.StartAsync(
            new ChildCommand(program[0], program[0], program[1..]), Token);
        return await process.Exited.WaitAsync(Patience, Token);
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
            make() { command make --no-print-directory -C {{Checkout.Folder}} "$@"; }
            {{blocks[0]}}
            """;
    }
}
