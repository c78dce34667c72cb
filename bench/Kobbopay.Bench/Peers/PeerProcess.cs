using System.Threading.Channels;
using Kobbopay.LocalServers;

namespace Kobbopay.Bench.Peers;

/// <summary>A peer's sender as a process of its own, which says when it has done what it was told.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Channel<string> lines;
    private readonly ChildProcess child;

    private PeerProcess(Channel<string> lines, ChildProcess child) => (this.lines, this.child) = (lines, child);

    /// <param name="file">What <c>make bench-peers</c> brings along.</param>
    /// <param name="database">In the form that the peer wants.</param>
    public static async Task<PeerProcess> StartAsync(
        Workbench bench, string program, string[] arguments, string file, string database, Uri target,
        CancellationToken cancellation)
    {
        if (!Path.Exists(file))
            throw new InvalidOperationException($"{file} is missing: make bench-peers installs it.");
        var output = Channel.CreateUnbounded<string>();
        var command = new ChildCommand(program, program, arguments)
        {
            WorkingDirectory = Path.GetDirectoryName(file)!,
            HasInput = true,
            OnLine = line => output.Writer.TryWrite(line),
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["PEER_DATABASE"] = database,
                ["PEER_TARGET"] = target.AbsoluteUri,
                ["PEER_SECRET"] = bench.Secret,
            },
        };
        var peer = new PeerProcess(output, await ChildProcess.StartAsync(command, cancellation));
        try
        {
            await peer.WaitForAsync("ready", cancellation);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public async Task AskAsync(string line, string answer, CancellationToken cancellation)
    {
        await child.SendLineAsync(line);
        await WaitForAsync(answer, cancellation);
    }

    public ValueTask DisposeAsync() => child.DisposeAsync();

    private async Task WaitForAsync(string expected, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        var said = false;
        while (!said)
        {
            var line = lines.Reader.ReadAsync(limited.Token).AsTask();
            if (await Task.WhenAny(line, child.Exited) != line)
                throw new InvalidOperationException($"The peer ended:\n{(await child.Exited).Tail}");
            said = await line == expected;
        }
    }
}
