using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Kobbopay.Testing;

/// <summary>What a receiver does with a connection once a request has been read from it: anything at all.</summary>
public delegate Task RawAnswer(Stream connection, CancellationToken stopped);

/// <summary>
/// An endpoint that need not keep to HTTP: it reads requests as they should be, records them, and answers with whatever
/// bytes a test gives it. The next request on a connection is read when the answer returns; an answer that disposes
/// the connection ends it.
/// <code>
/// await using var receiver = RawReceiver.Start(RawReceiver.Text("HTTP/1.1 200 OK\r\n\r\n"));
/// </code>
/// </summary>
public sealed class RawReceiver : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopped = new();
    private readonly ConcurrentQueue<ReceivedWebhook> requests = new();
    private readonly ConcurrentBag<Task> running = [];
    private readonly SslServerAuthenticationOptions? secured;
    private readonly Task accepting;
    private int connections;

    private RawReceiver(RawAnswer answer, SslServerAuthenticationOptions? secured)
    {
        this.secured = secured;
        Answer = answer;
        listener.Start();
        var scheme = secured is null ? "http" : "https";
        Url = new Uri(string.Create(
            CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/hooks"));
        accepting = AcceptAsync();
    }

    public Uri Url { get; }

    public RawAnswer Answer { get; set; }

    /// <summary>Everything received so far, in order of arrival.</summary>
    public IReadOnlyList<ReceivedWebhook> Requests => [.. requests];

    /// <summary>Connections that were opened, whether or not a request came.</summary>
    public int Connections => Volatile.Read(ref connections);

    public static RawReceiver Start(RawAnswer answer, SslServerAuthenticationOptions? secured = null) =>
        new(answer, secured);

    /// <summary>These characters, as Latin-1, and then the end of the connection.</summary>
    public static RawAnswer Text(string text) => async (connection, stop) =>
    {
        await connection.WriteAsync(Encoding.Latin1.GetBytes(text), stop);
        await connection.DisposeAsync();
    };

    /// <summary>The first text once and the second over and over, until the other side has had enough.</summary>
    public static RawAnswer Endless(string first, string then, TimeSpan pause = default) => async (connection, stop) =>
    {
        await connection.WriteAsync(Encoding.Latin1.GetBytes(first), stop);
        var bytes = Encoding.Latin1.GetBytes(then);
        while (true)
        {
            await connection.WriteAsync(bytes, stop);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, TimeProvider.System, stop);
        }
    };

    public Task<IReadOnlyList<ReceivedWebhook>> ReceiveAsync(int count) =>
        Eventually.SeeAsync(() => Requests, received => received.Count >= count, null, $"{count} webhooks received");

    /// <summary>Waits until the other side has closed every connection.</summary>
    public Task AllClosedAsync() =>
        Eventually.TrueAsync(() => running.All(connection => connection.IsCompleted), null, "all connections closed");

    public async ValueTask DisposeAsync()
    {
        await stopped.CancelAsync();
        listener.Dispose();
        await accepting;
        await Task.WhenAll(running);
        stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stopped.Token);
                Interlocked.Increment(ref connections);
                running.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (secured is not null)
                {
                    var ssl = new SslStream(stream);
                    stream = ssl;
                    await ssl.AuthenticateAsServerAsync(secured, stopped.Token);
                }

                await using (stream)
                {
                    while (await ReadAsync(stream) is { } request)
                    {
                        requests.Enqueue(request);
                        await Answer(stream, stopped.Token);
                    }
                }
            }
            catch (Exception end) when (end is not ArgumentException)
            {
                // However the other side, or the test, ended it.
            }
        }
    }

    /// <summary>Null at the end of the connection.</summary>
    private async Task<ReceivedWebhook?> ReadAsync(Stream stream)
    {
        var lines = new List<string>();
        for (var line = await LineAsync(stream); line is { Length: > 0 }; line = await LineAsync(stream))
            lines.Add(line);
        if (lines is not [var first, .. var fields])
            return null;
        var headers = fields.Select(field => field.Split(':', 2)).ToDictionary(
            field => field[0], field => field[1].Trim(), StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, stopped.Token);
        var words = first.Split(' ');
        return new ReceivedWebhook(TimeProvider.System.GetUtcNow(), words[0], words[1], headers, body);
    }

    private async Task<string?> LineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, stopped.Token) > 0)
        {
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }

        return null;
    }
}
