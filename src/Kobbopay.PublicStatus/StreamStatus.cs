using System.Buffers;
using System.Data.Common;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.PublicStatus.Languages;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.PublicStatus;

/// <summary>
/// <c>GET /v1/public/payments/{token}/stream</c>: what <see cref="ReadStatus"/> answers, as server-sent events
/// <c>status</c>: now, and again as soon as it changes (contracts.md, section 5). An event's id is the ETag of that
/// answer; who comes again with it as <c>Last-Event-ID</c> hears nothing that is not new.
/// </summary>
public static class StreamStatus
{
    private const int RetryAfterSeconds = 10;

    /// <summary>
    /// A stream looks at its view so often without being woken: news that got lost is found, and a payment without news
    /// is asked for.
    /// </summary>
    public static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);

    public static void MapStreamStatus(this IEndpointRouteBuilder app) =>
        app.MapGet($"{ReadStatus.Route}/stream", HandleAsync).AllowPublic()
            .Describe("streamPublicPayment", "Follow what a payer may see of a payment, as server-sent events")
            .AnswersText(ServerSentEvents.ContentType);

    private static async Task HandleAsync(
        string token,
        HttpContext http,
        PublicViews views,
        ViewWatchers watchers,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        ReadStatus.AllowAnyOrigin(http);
        http.Response.Headers.CacheControl = "no-store";
        using var place = watchers.Enter(token);
        var news = place?.News;
        var finding = place is null ? default : await views.FindAsync(token, cancellation);
        if (finding.View is not { } view)
        {
            await Problems.WriteAsync(http, place is null ? TooMany() : ReadStatus.WhyNone(finding));
            return;
        }

        var language = Language.Of(http.Request);
        var following = Begin(http, language);
        while (true)
        {
            await following.ShowAsync(view, clock.GetUtcNow(), cancellation);
            await place!.WaitAsync(news!, UntilLook(view, clock.GetUtcNow()), cancellation);
            if (place.IsOver)
                return;
            news = place.News;
            try
            {
                view = (await views.FindAsync(token, cancellation)).View ?? view;
            }
            catch (DbException outage) when (outage.IsTransient)
            {
                // Whoever comes again is told, or finds a copy.
                return;
            }
        }
    }

    /// <summary>The guidance changes when the time to pay runs out, though the view does not.</summary>
    private static TimeSpan UntilLook(PublicPayment view, DateTimeOffset now)
    {
        var left = view.ExpiresAt - now;
        return view.Status is "Pending" && left > TimeSpan.Zero && left < CheckEvery ? left : CheckEvery;
    }

    private static ProblemException TooMany() =>
        new(ProblemCodes.RateLimited, $"At most {ViewWatchers.LimitOfToken} may follow one payment at a time.")
        {
            RetryAfterSeconds = RetryAfterSeconds,
        };

    private static Following Begin(HttpContext http, Language language)
    {
        language.Declare(http.Response);
        return new Following(
            ServerSentEvents.Begin(http.Response), language, http.Request.Headers["Last-Event-ID"]);
    }

    /// <summary>What is written to one reader, and how long ago.</summary>
    private sealed class Following(PipeWriter body, Language language, string? lastSent)
    {
        private DateTimeOffset _wroteAt;
        private string? _sent = lastSent;

        /// <summary>Writes what is new, or after a long silence that the stream is alive.</summary>
        public async Task ShowAsync(PublicPayment view, DateTimeOffset now, CancellationToken cancellation)
        {
            var etag = ReadStatus.ETagOf(view, now, language);
            if (!string.Equals(etag, _sent, StringComparison.Ordinal))
                WriteEvent(etag, PublicStatusBody.Of(view, now, language));
            else if (now - _wroteAt >= ServerSentEvents.Heartbeat)
                body.Write(ServerSentEvents.StillHere);
            else
                return;
            (_sent, _wroteAt) = (etag, now);
            await body.FlushAsync(cancellation);
        }

        private void WriteEvent(string id, PublicStatusBody status)
        {
            Encoding.ASCII.GetBytes($"id: {id}\nevent: status\ndata: ", body);
            using (var json = new Utf8JsonWriter(body))
                JsonSerializer.Serialize(json, status, PublicStatusJson.Default.PublicStatusBody);
            body.Write("\n\n"u8);
        }
    }
}
