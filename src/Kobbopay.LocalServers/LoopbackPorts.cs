using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Kobbopay.LocalServers;

/// <summary>
/// Free TCP ports of 127.0.0.1 below the kernel's range for outgoing connections (32768 and up), so that no connection
/// can take the port of a server that is stopped and started again.
/// </summary>
public static class LoopbackPorts
{
    private const int Lowest = 15_000;
    private const int Highest = 32_000;
    private const int Attempts = 1_000;

    // Between the look and the server's start nobody holds a port: in this process it is given away once.
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>Ports that nobody else of this process gets, and that were free a moment ago; another process may
    /// still be faster.</summary>
    public static int[] Free(int count)
    {
        var found = new HashSet<int>();
        for (var attempt = 0; attempt < Attempts && found.Count < count; attempt++)
        {
            var port = Random.Shared.Next(Lowest, Highest);
            if (IsFree(port) && Given.TryAdd(port, true))
                found.Add(port);
        }

        return found.Count == count
            ? [.. found]
            : throw new LocalServerException($"There are no {count} free ports between {Lowest} and {Highest}.");
    }

    public static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
