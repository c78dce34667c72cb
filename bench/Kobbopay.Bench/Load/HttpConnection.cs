using System.Net.Sockets;
using System.Text;

namespace Kobbopay.Bench.Load;

/// <summary>
/// One request after the other over a plain socket. HttpClient would take as much of the two cores as the server that
/// it measures.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private const int BufferSize = 256 * 1024;

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[BufferSize];

    private HttpConnection()
    {
    }

    public static async Task<HttpConnection> OpenAsync(Uri address, CancellationToken cancellation)
    {
        var connection = new HttpConnection();
        await connection.socket.ConnectAsync(address.Host, address.Port, cancellation);
        return connection;
    }

    /// <param name="status">The one status that counts; any other ends the run, since errors are no rate.</param>
    /// <returns>The answer, head and body, until the next request.</returns>
    public async Task<ReadOnlyMemory<byte>> ExchangeAsync(byte[] request, int status, CancellationToken cancellation)
    {
        await socket.SendAsync(request, cancellation);
        var answer = buffer.AsMemory(0, await ReadAsync(cancellation));
        return HasStatus(answer.Span, status)
            ? answer
            : throw new InvalidOperationException($"Not {status}: {Encoding.UTF8.GetString(answer.Span)}");
    }

    public void Dispose() => socket.Dispose();

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

    private static bool HasStatus(ReadOnlySpan<byte> answer, int status)
    {
        Span<byte> expected = stackalloc byte["HTTP/1.1 200 ".Length];
        return Encoding.ASCII.TryGetBytes($"HTTP/1.1 {status} ", expected, out _) && answer.StartsWith(expected);
    }

    private async Task<int> ReadAsync(CancellationToken cancellation)
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
