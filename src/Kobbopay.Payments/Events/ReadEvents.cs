using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// <c>GET /v1/events</c>, at once or waiting for the next event, and <c>/v1/events/{id}</c> (contracts.md, section 3):
/// the stored bytes of each event, ascending by sequence; the sequencer decided once what they are. Who accepts
/// <c>text/event-stream</c> gets <see cref="StreamEvents"/>.
/// </summary>
public static class ReadEvents
{
    public static void MapReadEvents(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/events", HandleAsync).RequireMerchant(Scopes.EventsRead)
            .Describe("listEvents", "List events in their order, wait for the next, or stream them")
            .Refuses(ProblemCodes.CursorExpired)
            .TakesQuery(EventsQuery.Names)
            .WithNumber("after", "The sequence of the last event that is known.", least: 0)
            .WithNumber("wait", "Seconds to wait for an event when there is none.", least: 0, EventsQuery.LongestWait)
            .WithParameter("type", "Only of this type, such as payment.paid or payment.*.")
            .Answers<EventListJson>()
            .AnswersText(ServerSentEvents.ContentType);
        app.MapGet("/v1/events/{eventId}", ReadAsync).RequireMerchant(Scopes.EventsRead)
            .Describe("getEvent", "Read an event")
            .Answers<EventJson>();
    }

    private static Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        EventFeed feed,
        EventWaiters waiters,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var query = EventsQuery.Parse(http.Request);
        return StreamEvents.IsWanted(http.Request)
            ? StreamEvents.RunAsync(http, merchant, query, feed, waiters, cancellation)
            : ListAsync(http, merchant, query, feed, waiters, clock, cancellation);
    }

    private static async Task ListAsync(
        HttpContext http,
        MerchantIdentity merchant,
        EventsQuery query,
        EventFeed feed,
        EventWaiters waiters,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        using var place = query.Wait > TimeSpan.Zero ? waiters.Enter(merchant) : null;
        var page = await feed.ReadAsync(merchant, query.After, query.Types, query.Limit, cancellation);
        while (place is not null && page.Events.Count == 0
            && query.Wait - clock.GetElapsedTime(started) is { Ticks: > 0 } rest
            && await place.WaitAsync(page.Latest, rest, cancellation))
        {
            // Nothing up to the head was wanted, so it need not be looked at again.
            var after = Math.Max(query.After ?? 0, page.Latest);
            page = await feed.ReadAsync(merchant, after, query.Types, query.Limit, cancellation);
        }

        await WriteAsync(http.Response, page, cancellation);
    }

    private static async Task WriteAsync(HttpResponse response, FeedPage page, CancellationToken cancellation)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var one in page.Events)
            json.WriteRawValue(one.Body, skipInputValidation: true);
        json.WriteEndArray();
        json.WriteBoolean("hasMore", page.HasMore);
        json.WriteNumber("latestSequence", page.Latest);
        json.WriteEndObject();
        await json.FlushAsync(cancellation);
    }

    private static async Task<IResult> ReadAsync(
        string eventId, MerchantIdentity merchant, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (Id.TryParse(Id.Event, eventId, out var id))
        {
            await using var command = database.CreateCommand(
                "select body from events where id = $1 and merchant_id = $2 and environment = $3");
            command.Parameters.AddId(id);
            command.Parameters.AddId(merchant.MerchantId);
            command.Parameters.AddText(merchant.Environment);
            if (await command.ExecuteScalarAsync(cancellation) is byte[] body)
                return Results.Bytes(body, "application/json");
        }

        throw new ProblemException(ProblemCodes.NotFound, "There is no such event.");
    }
}
