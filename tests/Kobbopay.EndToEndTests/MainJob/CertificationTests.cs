using Kobbopay.EndToEndTests.AppHost;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>The examples of docs/webhooks.md, with the Node sample as the receiver that is certified.</summary>
public sealed class CertificationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task The_sample_passes_the_certification_as_the_page_asks_for_it()
    {
        await using var kobbopay = await RunningKobbopay.StartAsync();
        await using var receiver = await ShellExamples.StartAsync(
            kobbopay, "node", Checkout.PathOf("samples/receiver-node/receiver.mjs"));
        await Eventually.TrueAsync(
            () => receiver.Lines.Any(line => line.Contains("listening", StringComparison.Ordinal)));
        var blocks = ShellExamples.BlocksOf(ShellExamples.Page("docs/webhooks.md"));
        blocks.Should().HaveCount(2);
        var script = string.Join('\n', [". .kobbopay/demo.env", .. blocks]);

        await using var shell = await ShellExamples.StartAsync(kobbopay, "bash", "-eu", "-c", script);
        var exit = await shell.Process.Exited.WaitAsync(Patience, TestContext.Current.CancellationToken);

        exit.Code.Should().Be(0, exit.Tail);
        var lines = shell.Lines.SkipWhile(line => line.StartsWith('{')).ToList();
        lines.Should().Contain(["\"name\":\"valid_event\"", "\"name\":\"slow_body\"", "\"observed\":\"200\""]);
        // Each check that sends something; the demo has X-Signature on, which is a warning.
        lines.Count(line => line == "\"status\":\"passed\"").Should().BeGreaterThanOrEqualTo(9);
        lines.Should().NotContain("\"status\":\"failed\"");
    }
}
