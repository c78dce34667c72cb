using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>A process of the running system, of which <see cref="Exited"/> before its stop is the end of all.</summary>
internal sealed record Part(string Name, Task<ChildExit> Exited, Func<Task> StopAsync);

/// <summary>A part ended, or could not be started; the message says which and why, with its last lines.</summary>
internal sealed class PartFailedException(string message) : Exception(message);
