using System.Buffers;
using System.Buffers.Text;
using System.Data.Common;
using System.IO.Pipelines;
using System.Text;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Events;

/// <summary>
/// <c>GET /v1/events</c> as server-sent events: the same bytes as in the list, each as soon as it is sequenced. Without
/// <c>after</c> or <c>Last-Event-ID</c> it begins with what is new. A reader who is slow is waited for.
/// </summary>
internal static class StreamEvents
{
    private const int EventsAtOnce = 20;

    /// <summary>Written but unsent bytes at most, but for the last event.</summary>
    private const int Unsent = 64 * 1024;

    public static bool IsWanted(HttpRequest request) => request.GetTypedHeaders().Accept
        .Any(type => type.MediaType.Equals(ServerSentEvents.ContentType, StringComparison.OrdinalIgnoreCase));

    public static async Task RunAsync(
        HttpContext http,
        MerchantIdentity merchant,
        EventsQuery query,
        EventFeed feed,
        EventWaiters waiters,
        CancellationToken cancellation)
    {
        query = query.Resumed(http.Request);
        using var place = waiters.Enter(merchant);
        var after = query.After ?? await feed.LatestAsync(merchant, cancellation);
        var page = await feed.ReadAsync(merchant, after, query.Types, EventsAtOnce, cancellation);

        var body = ServerSentEvents.Begin(http.Response);
        while (true)
        {
            await WriteAsync(body, page.Events, cancellation);
            // Past the last one that was sent, or, where the rest was not wanted, past the head.
            after = page.HasMore ? page.Events[^1].Sequence : Math.Max(after, page.Latest);
            while (!page.HasMore && !await place.WaitAsync(page.Latest, ServerSentEvents.Heartbeat, cancellation))
            {
                if (place.IsOver)
                    return;
                Write(body, ServerSentEvents.StillHere);
                await body.FlushAsync(cancellation);
            }

            if (place.IsOver || await NextAsync() is not { } next)
                return;
            page = next;
        }

        // Who was too slow, or whom a database outage hits, comes again with the id of the last event and is told why.
        async Task<FeedPage?> NextAsync()
        {
            try
            {
                return await feed.ReadAsync(merchant, after, query.Types, EventsAtOnce, cancellation);
            }
            catch (Exception end) when (end is ProblemException or DbException { IsTransient: true })
            {
                return null;
            }
        }
    }

    /// <summary>An event's bytes are one line of JSON.</summary>
    private static async Task WriteAsync(PipeWriter body, List<FeedEvent> events, CancellationToken cancellation)
    {
        var unsent = 0;
        foreach (var one in events)
        {
            Write(body, "id: "u8);
            Write(body, one.Sequence);
            Write(body, "\nevent: "u8);
            Encoding.ASCII.GetBytes(one.Type, body);
            Write(body, "\ndata: "u8);
            Write(body, one.Body);
            Write(body, "\n\n"u8);
            if ((unsent += one.Body.Length) < Unsent)
                continue;
            await body.FlushAsync(cancellation);
            unsent = 0;
        }

        await body.FlushAsync(cancellation);
    }

    private static void Write(PipeWriter body, long number)
    {
        Utf8Formatter.TryFormat(number, body.GetSpan(20), out var length);
        body.Advance(length);
    }

    private static void Write(PipeWriter body, ReadOnlySpan<byte> bytes) => body.Write(bytes);
}
