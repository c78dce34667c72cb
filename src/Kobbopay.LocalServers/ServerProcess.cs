namespace Kobbopay.LocalServers;

/// <summary>
/// A server's process over its starts and stops; a start is done when the server has said that it is ready.
/// </summary>
internal sealed class ServerProcess(string readyLine, TimeSpan stopPatience) : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    private ChildProcess? child;

    public Task<ChildExit> Exited =>
        child?.Exited ?? throw new InvalidOperationException("The server was never started.");

    public async Task StartAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        if (child is { Exited.IsCompleted: false })
            throw new InvalidOperationException($"{command.Name} runs already.");
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = await ChildProcess.StartAsync(
            command with { OnLine = Watch(command.OnLine, ready) }, cancellationToken);
        child = started;
        try
        {
            var first = await Task.WhenAny(ready.Task, started.Exited)
                .WaitAsync(StartPatience, TimeProvider.System, cancellationToken);
            if (first == started.Exited)
            {
                var exit = await started.Exited;
                throw new LocalServerException(
                    $"{command.Name} did not start ({exit.Reason}); its last lines:\n{exit.Tail}");
            }
        }
        catch
        {
            await started.KillAsync();
            throw;
        }
    }

    public async Task StopAsync()
    {
        if (child is not null)
            await child.StopAsync(stopPatience);
    }

    public async Task KillAsync()
    {
        if (child is not null)
            await child.KillAsync();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private Action<string> Watch(Action<string>? onLine, TaskCompletionSource ready) => line =>
    {
        if (line.Contains(readyLine, StringComparison.Ordinal))
            ready.TrySetResult();
        onLine?.Invoke(line);
    };
}
