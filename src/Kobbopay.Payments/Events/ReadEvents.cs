using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// <c>GET /v1/events</c> and <c>/v1/events/{id}</c> (contracts.md, section 3): the stored bytes of each event,
/// ascending by sequence; the sequencer decided once what they are.
/// </summary>
public static class ReadEvents
{
    private const int DefaultLimit = 20;
    private const int LargestLimit = 100;

    public static void MapReadEvents(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/events", ListAsync).RequireMerchant(Scopes.EventsRead);
        app.MapGet("/v1/events/{eventId}", ReadAsync).RequireMerchant(Scopes.EventsRead);
    }

    private static async Task ListAsync(
        HttpContext http, MerchantIdentity merchant, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var after = Number(http, "after", 0, 0, long.MaxValue);
        var limit = (int)Number(http, "limit", DefaultLimit, 1, LargestLimit);
        var type = http.Request.Query["type"].ToString();

        await using var batch = database.CreateBatch();
        var events = batch.Add("""
            select body from events
            where merchant_id = $1 and environment = $2 and sequence > $3 and ($4 = '' or type = $4)
            order by sequence limit $5
            """);
        events.AddId(merchant.MerchantId);
        events.AddText(merchant.Environment);
        events.AddLong(after);
        events.AddText(type);
        events.AddInteger(limit + 1);
        var latest = batch.Add("select latest from event_counters where merchant_id = $1 and environment = $2");
        latest.AddId(merchant.MerchantId);
        latest.AddText(merchant.Environment);

        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var bodies = new List<byte[]>();
        while (await reader.ReadAsync(cancellation))
            bodies.Add(reader.GetFieldValue<byte[]>(0));
        await reader.NextResultAsync(cancellation);
        var latestSequence = await reader.ReadAsync(cancellation) ? reader.GetInt64(0) : 0;
        await WriteAsync(http.Response, bodies, limit, latestSequence, cancellation);
    }

    private static async Task WriteAsync(
        HttpResponse response, List<byte[]> bodies, int limit, long latestSequence, CancellationToken cancellation)
    {
        response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var body in bodies.Take(limit))
            json.WriteRawValue(body, skipInputValidation: true);
        json.WriteEndArray();
        json.WriteBoolean("hasMore", bodies.Count > limit);
        json.WriteNumber("latestSequence", latestSequence);
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

    private static long Number(HttpContext http, string name, long whenAbsent, long least, long most)
    {
        if (!http.Request.Query.TryGetValue(name, out var values))
            return whenAbsent;
        if (values.Count == 1 && long.TryParse(values[0], out var number) && number >= least && number <= most)
            return number;

        var message = most == long.MaxValue
            ? $"Must be a whole number from {least}."
            : $"Must be a whole number, {least} to {most}.";
        throw new ProblemException(
            ProblemCodes.InvalidRequest,
            $"?{name}: {message}",
            [new InvalidField($"?{name}", "out_of_range", message)]);
    }
}
