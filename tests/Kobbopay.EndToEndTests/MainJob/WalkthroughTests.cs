using Kobbopay.EndToEndTests.AppHost;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>The README's walkthrough, run as it stands there, with the Node receiver beside it.</summary>
public sealed class WalkthroughTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task The_walkthrough_of_the_README_works_as_written()
    {
        await using var kobbopay = await RunningKobbopay.StartAsync();
        await using var receiver = await ShellExamples.StartAsync(
            kobbopay, "node", Checkout.PathOf("samples/receiver-node/receiver.mjs"));
        await Eventually.TrueAsync(
            () => receiver.Lines.Any(line => line.Contains("listening", StringComparison.Ordinal)));

        await using var shell = await ShellExamples.StartAsync(kobbopay, "bash", "-eu", "-c", Script());
        var exit = await shell.Process.Exited.WaitAsync(Patience, TestContext.Current.CancellationToken);

        exit.Code.Should().Be(0, exit.Tail);
        var page = shell.Lines[^1];
        page.Should().StartWith(kobbopay.Url + "pay/pst_");
        shell.Lines.Should().Contain(
            line => line.StartsWith("\"status\":\"Paid\" \"confirmations\":", StringComparison.Ordinal));
        var types = await Eventually.SeeAsync(
            () => receiver.Lines.Where(line => line.StartsWith("verified ", StringComparison.Ordinal)).ToList(),
            verified => verified.Count >= Shop.Story.Length);
        types.Select(line => line.Split(' ')[1]).Should().BeEquivalentTo(Shop.Story);
        types.Should().OnlyContain(line =>
            line.EndsWith("signatures=webhook-signature,x-kobbopay-signature,x-signature", StringComparison.Ordinal));
    }

    /// <summary>Every shell block after the mark.</summary>
    private static string Script()
    {
        var readme = ShellExamples.Page("README.md");
        var walkthrough = readme[readme.IndexOf("<!-- walkthrough:", StringComparison.Ordinal)..];
        var blocks = ShellExamples.BlocksOf(walkthrough[..walkthrough.IndexOf("\n## ", StringComparison.Ordinal)]);
        blocks.Should().HaveCount(4);
        return string.Join('\n', blocks);
    }
}
