using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Kobbopay.EndToEndTests.AppHost;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>The README's walkthrough, run as it stands there, with the Node receiver beside it.</summary>
public sealed partial class WalkthroughTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task The_walkthrough_of_the_README_works_as_written()
    {
        await using var kobbopay = await RunningKobbopay.StartAsync();
        await using var receiver = await StartAsync(
            "receiver", ["node", Path.Combine(Checkout(), "samples/receiver-node/receiver.mjs")], kobbopay);
        await Eventually.TrueAsync(
            () => receiver.Lines.Any(line => line.Contains("listening", StringComparison.Ordinal)));

        await using var shell = await StartAsync("shell", ["bash", "-eu", "-c", Script()], kobbopay);
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
        var readme = File.ReadAllText(Path.Combine(Checkout(), "README.md"));
        var walkthrough = readme[readme.IndexOf("<!-- walkthrough:", StringComparison.Ordinal)..];
        var blocks = ShellBlock().Matches(walkthrough[..walkthrough.IndexOf("\n## ", StringComparison.Ordinal)]);
        blocks.Count.Should().Be(4);
        return string.Join('\n', blocks.Select(block => block.Groups["code"].Value));
    }

    private static async Task<Program> StartAsync(string name, string[] command, RunningKobbopay kobbopay)
    {
        var lines = new ConcurrentQueue<string>();
        var process = await ChildProcess.StartAsync(
            new ChildCommand(name, command[0], command[1..])
            {
                OnLine = lines.Enqueue,
                WorkingDirectory = kobbopay.Folder,
                Environment = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["KOBBOPAY_WEBHOOK_SECRET"] = kobbopay.WebhookSecret,
                    ["PORT"] = $"{kobbopay.WebhookPort}",
                },
            },
            TestContext.Current.CancellationToken);
        return new Program(process, lines);
    }

    private static string Checkout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kobbopay.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex("```sh\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShellBlock();

    private sealed record Program(ChildProcess Process, ConcurrentQueue<string> Output) : IAsyncDisposable
    {
        public IReadOnlyList<string> Lines => [.. Output];

        public async ValueTask DisposeAsync()
        {
            await Process.StopAsync(TimeSpan.FromSeconds(5));
            await Process.DisposeAsync();
        }
    }
}
