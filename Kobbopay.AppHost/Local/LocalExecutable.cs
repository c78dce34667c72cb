using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>A program that is not ours; what it writes goes to its log alone.</summary>
internal sealed class LocalExecutable(ExecutableResource executable, LocalFolder folder, Output output)
{
    // A kept chain may be a file of some hundred megabytes, written at the stop.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    private ChildProcess? process;

    public Task<ChildExit> Exited => Child.Exited;

    private ChildProcess Child =>
        process ?? throw new InvalidOperationException(executable.Name + " was never started.");

    public async Task StartAsync(CancellationToken cancellationToken) => process = await ChildProcess.StartAsync(
        new ChildCommand(executable.Name, executable.Command, executable.Arguments)
        {
            WorkingDirectory = executable.WorkingDirectory,
            PidFile = folder.In($"pids/{executable.Name}.pid"),
            OnLine = line => output.Log(executable.Name, line),
        },
        cancellationToken);

    public Task StopAsync() => Child.StopAsync(StopPatience);

    public Task KillAsync() => Child.KillAsync();
}
