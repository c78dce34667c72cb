using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Kobbopay.Bench.Measure;

namespace Kobbopay.Bench.Load;

/// <summary>
/// Requests over plain sockets, one after the other on each connection. HttpClient would take as much of the two cores
/// as the server that it measures.
/// </summary>
internal static class HttpLoop
{
    private const int BufferSize = 256 * 1024;

    /// <param name="request">The bytes of the next request.</param>
    /// <param name="status">The one status that counts; any other ends the run, since errors are no rate.</param>
    /// <param name="seen">Called with each answer's text, or null.</param>
    public static async Task<Reading> RunAsync(
        Uri address,
        int connections,
        TimeSpan duration,
        Func<byte[]> request,
        int status,
        CancellationToken cancellation,
        Action<string>? seen = null)
    {
        var watch = Stopwatch.StartNew();
        var expected = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} ");
        var loops = Enumerable.Range(0, connections).Select(async _ =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            var buffer = new byte[BufferSize];
            var done = 0L;
            for (; watch.Elapsed < duration; done++)
            {
                await socket.SendAsync(request(), cancellation);
                var length = await ReadAnswerAsync(socket, buffer, cancellation);
                if (!buffer.AsSpan(0, length).StartsWith(expected))
                    throw new InvalidOperationException($"Not {status}: {Encoding.UTF8.GetString(buffer, 0, length)}");
                seen?.Invoke(Encoding.UTF8.GetString(buffer, 0, length));
            }

            return done;
        }).ToArray();
        var total = (await Task.WhenAll(loops)).Sum();
        return Reading.PerSecond(total, watch.Elapsed);
    }

    /// <summary>Each of some requests once, over one connection.</summary>
    public static async Task EachOnceAsync(
        Uri address, IEnumerable<byte[]> requests, int status, CancellationToken cancellation)
    {
        var expected = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} ");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port, cancellation);
        var buffer = new byte[BufferSize];
        foreach (var request in requests)
        {
            await socket.SendAsync(request, cancellation);
            var length = await ReadAnswerAsync(socket, buffer, cancellation);
            if (!buffer.AsSpan(0, length).StartsWith(expected))
                throw new InvalidOperationException($"Not {status}: {Encoding.UTF8.GetString(buffer, 0, length)}");
        }
    }

    /// <summary>
    /// An even rate over some connections. A request that its connection was too busy for counts from when it was due,
    /// so that a slow moment is not left out.
    /// </summary>
    /// <param name="seen">Called with each answer's text, or null.</param>
    /// <returns>Milliseconds of each request.</returns>
    public static async Task<double[]> PacedAsync(
        Uri address,
        int connections,
        double perSecond,
        TimeSpan duration,
        Func<byte[]> request,
        int status,
        CancellationToken cancellation,
        Action<string>? seen = null)
    {
        var interval = TimeSpan.FromSeconds(connections / perSecond);
        var expected = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} ");
        var watch = Stopwatch.StartNew();
        var loops = Enumerable.Range(0, connections).Select(async connection =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            var buffer = new byte[BufferSize];
            var latencies = new List<double>();
            for (var due = interval * connection / connections; due < duration; due += interval)
            {
                var (from, early) = (due, due - watch.Elapsed);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, TimeProvider.System, cancellation);
                    from = watch.Elapsed;
                }

                await socket.SendAsync(request(), cancellation);
                var length = await ReadAnswerAsync(socket, buffer, cancellation);
                if (!buffer.AsSpan(0, length).StartsWith(expected))
                    throw new InvalidOperationException($"Not {status}: {Encoding.UTF8.GetString(buffer, 0, length)}");
                latencies.Add((watch.Elapsed - from).TotalMilliseconds);
                seen?.Invoke(Encoding.UTF8.GetString(buffer, 0, length));
            }

            return latencies;
        }).ToArray();
        return [.. (await Task.WhenAll(loops)).SelectMany(latencies => latencies)];
    }

    /// <summary>A request as it goes over the wire, kept alive.</summary>
    public static byte[] Request(
        HttpMethod method, Uri address, IEnumerable<KeyValuePair<string, string>> headers, string? body = null)
    {
        var text = new StringBuilder($"{method} {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\n");
        foreach (var (name, value) in headers)
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        if (body is not null)
            text.Append($"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString());
    }

    private static async Task<int> ReadAnswerAsync(Socket socket, byte[] buffer, CancellationToken cancellation)
    {
        for (var length = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            if (read == 0)
                throw new InvalidOperationException("The server closed the connection, or its answer is too long.");
            length += read;
            if (IsComplete(buffer.AsSpan(0, length)))
                return length;
        }
    }

    private static bool IsComplete(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        var head = Encoding.ASCII.GetString(answer[..end]);
        const string Field = "\r\nContent-Length: ";
        var at = head.IndexOf(Field, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)
                ? answer.EndsWith("\r\n0\r\n\r\n"u8)
                : true;
        var digits = head.AsSpan(at + Field.Length);
        var line = digits.IndexOf('\r');
        var bodyLength = int.Parse(line < 0 ? digits : digits[..line], provider: null);
        return answer.Length >= end + 4 + bodyLength;
    }
}
