namespace Kobbopay.LocalServers;

/// <summary>
/// A private server can't be started; the message tells a developer what to do or what the server said last.
/// </summary>
public sealed class LocalServerException(string message) : Exception(message);
