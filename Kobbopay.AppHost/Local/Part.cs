using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>
/// A process of the running system. Its end is the end of all, unless it was wanted (<see cref="IsDown"/>).
/// </summary>
internal sealed record Part(
    string Name,
    Func<Task<ChildExit>> Exited,
    Func<CancellationToken, Task> StartAgainAsync,
    Func<Task> StopAsync,
    Func<Task> KillAsync)
{
    /// <summary>Stopped or killed by a command.</summary>
    public bool IsDown { get; set; }
}

/// <summary>A part ended, or could not be started; the message says which and why, with its last lines.</summary>
internal sealed class PartFailedException(string message) : Exception(message);
