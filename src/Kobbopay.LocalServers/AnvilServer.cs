using System.Globalization;

namespace Kobbopay.LocalServers;

/// <summary>
/// A private EVM chain: an anvil node on a free port of 127.0.0.1, which takes 0.1 s to start.
/// <code>
/// await using var server = await AnvilServer.StartAsync(new AnvilSettings(folder), cancellationToken);
/// using var node = new EvmNode(server.Url);
/// </code>
/// </summary>
public sealed class AnvilServer : IAsyncDisposable
{
    // A chain of some days is a file of some hundred megabytes, written when it stops.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    private readonly AnvilSettings settings;
    private readonly ServerProcess server = new("Listening on 127.0.0.1:", StopPatience);

    private AnvilServer(AnvilSettings settings)
    {
        this.settings = settings;
        Port = settings.Port ?? LoopbackPorts.Free(1)[0];
    }

    /// <summary>The same over stops and starts.</summary>
    public int Port { get; }

    public Uri Url => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"));

    /// <summary>Completes when the process has ended, wanted or not.</summary>
    public Task<ChildExit> Exited => server.Exited;

    /// <summary>
    /// Starts a node with a new chain, or with the kept one. <see cref="LocalServerException"/> says why it can't.
    /// </summary>
    public static async Task<AnvilServer> StartAsync(AnvilSettings settings, CancellationToken cancellationToken)
    {
        if (!AnvilSettings.IsInstalled)
            throw new LocalServerException("anvil, the local EVM node, is not installed: scripts/install.sh anvil");
        Directory.CreateDirectory(settings.Folder);
        var anvil = new AnvilServer(settings);
        await anvil.StartAgainAsync(cancellationToken);
        return anvil;
    }

    /// <summary>Starts the stopped node at the same address; a chain that is not kept begins anew.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) => server.StartAsync(
        new ChildCommand("anvil", AnvilSettings.Program, settings.ArgumentsFor(Port))
        {
            CleanEnvironment = true,
            PidFile = Path.Combine(settings.Folder, "anvil.pid"),
            OnLine = settings.OnLine,
        },
        cancellationToken);

    /// <summary>An orderly stop: a chain that is kept is written first.</summary>
    public Task StopAsync() => server.StopAsync();

    /// <summary>Ends it as a crash would.</summary>
    public Task KillAsync() => server.KillAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
