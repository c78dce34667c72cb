using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Kobbopay.EndToEndTests.AppHost;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>
/// The shell blocks of the repository's pages, run as they stand there in the folder of a running system.
/// </summary>
internal static partial class ShellExamples
{
    public static string Page(string path) => File.ReadAllText(Checkout.PathOf(path));

    public static IReadOnlyList<string> BlocksOf(string page) =>
        [.. ShellBlock().Matches(page).Select(block => block.Groups["code"].Value)];

    public static async Task<ExampleProgram> StartAsync(
        RunningKobbopay kobbopay, string program, params string[] arguments)
    {
        var lines = new ConcurrentQueue<string>();
        var process = await ChildProcess.StartAsync(
            new ChildCommand(program, program, arguments)
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
        return new ExampleProgram(process, lines);
    }

    [GeneratedRegex("```sh\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShellBlock();
}

internal sealed record ExampleProgram(ChildProcess Process, ConcurrentQueue<string> Output) : IAsyncDisposable
{
    public IReadOnlyList<string> Lines => [.. Output];

    public async ValueTask DisposeAsync()
    {
        await Process.StopAsync(TimeSpan.FromSeconds(5));
        await Process.DisposeAsync();
    }
}
