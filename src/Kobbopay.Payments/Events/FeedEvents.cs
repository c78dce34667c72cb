using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// Events as bus messages: for the outbox relay by id, and for consumers that heal any range of a stream and every
/// stream's head.
/// </summary>
public static class FeedEvents
{
    private const int LargestRange = 500;
    private const int LargestPage = 1_000;

    /// <summary>The order is <see cref="Read"/>'s.</summary>
    private const string Columns = """
        e.id, e.merchant_id, e.environment, e.sequence, e.type, e.created_at, e.body, e.traceparent,
        e.except_endpoint_id, e.payment_id, e.version, e.public_view, e.webhook_url
        """;

    public static void MapFeedEvents(this IEndpointRouteBuilder app)
    {
        app.MapGet(InternalApi.Events, RangeAsync).RequireService(ResourceNames.Webhooks, ResourceNames.PublicStatus);
        app.MapGet(InternalApi.EventHeads, HeadsAsync)
            .RequireService(ResourceNames.Webhooks, ResourceNames.PublicStatus);
    }

    /// <summary>What the outbox holds by reference (<see cref="Durability.StoredMessages"/>).</summary>
    public static async Task<IReadOnlyList<object?>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid[]> messages, CancellationToken cancellation)
    {
        var events = await ByIdAsync(connection, [.. messages.SelectMany(ids => ids)], cancellation);
        return [.. messages.Select(ids => MessageOf(ids, events))];
    }

    private static PaymentsChanged? MessageOf(Guid[] ids, Dictionary<Guid, PaymentChanged> events)
    {
        PaymentChanged[] kept = [.. ids.Where(events.ContainsKey).Select(id => events[id])];
        return kept.Length == 0 ? null : new PaymentsChanged(kept);
    }

    private static async Task<Dictionary<Guid, PaymentChanged>> ByIdAsync(
        NpgsqlConnection connection, Guid[] ids, CancellationToken cancellation)
    {
        // The bounds tell which partitions to look into; of an array a prepared plan can't tell.
        await using var command = new NpgsqlCommand(
            $"select {Columns} from events e where e.id = any($1) and e.id between $2 and $3", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        command.Parameters.AddId(ids.Min());
        command.Parameters.AddId(ids.Max());
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var events = new Dictionary<Guid, PaymentChanged>(ids.Length);
        while (await row.ReadAsync(cancellation))
            events.Add(row.GetGuid(0), Read(row));
        return events;
    }

    private static async Task<IResult> RangeAsync(
        Guid merchant,
        string environment,
        long after,
        int limit,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        // Of one statement's moment: whoever is told where the feed begins gets all that follows.
        await using var command = database.CreateCommand(
            $"""
            select {Columns}, c.latest, c.dropped
            from event_counters c
            left join lateral (
              select {Columns} from events e
              where e.merchant_id = $1 and e.environment = $2 and e.sequence > greatest($3, c.dropped)
              order by e.sequence limit $4) e on true
            where c.merchant_id = $1 and c.environment = $2
            order by e.sequence
            """);
        command.Parameters.AddId(merchant);
        command.Parameters.AddText(environment);
        command.Parameters.AddLong(after);
        command.Parameters.AddInteger(Math.Clamp(limit, 1, LargestRange));

        await using var row = await command.ExecuteReaderAsync(cancellation);
        var (latest, dropped) = (0L, 0L);
        var found = new List<PaymentChanged>();
        while (await row.ReadAsync(cancellation))
        {
            (latest, dropped) = (row.GetInt64(13), row.GetInt64(14));
            if (!row.IsDBNull(0))
                found.Add(Read(row));
        }

        return Results.Json(new EventRange(found, latest, dropped + 1), ContractsJson.Default.EventRange);
    }

    private static PaymentChanged Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetInt64(3), row.GetString(4), PaymentRows.Time(row, 5),
        row.GetFieldValue<byte[]>(6), row.IsDBNull(9) ? null : ReadPayment(row), PaymentRows.TextOrNull(row, 7),
        row.IsDBNull(8) ? null : row.GetGuid(8));

    private static ChangedPayment ReadPayment(NpgsqlDataReader row) => new(
        row.GetGuid(9),
        row.GetInt32(10),
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(11), ContractsJson.Default.PublicPayment)!,
        PaymentRows.TextOrNull(row, 12));

    /// <param name="after">
    /// The last stream of the page before, as <c>merchant/environment</c>; empty for the first page.
    /// </param>
    private static async Task<IResult> HeadsAsync(
        string? after, int limit, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var (merchant, environment) = after?.Split('/') is [var id, var name] && Guid.TryParse(id, out var parsed)
            ? (parsed, name)
            : (Guid.Empty, string.Empty);
        await using var command = database.CreateCommand(
            """
            select c.merchant_id, c.environment, c.latest, coalesce(extract(epoch from s.clock_offset), 0)::bigint
            from event_counters c left join merchant_settings s using (merchant_id, environment)
            where (c.merchant_id, c.environment) > ($1, $2) order by c.merchant_id, c.environment limit $3
            """);
        command.Parameters.AddId(merchant);
        command.Parameters.AddText(environment);
        command.Parameters.AddInteger(Math.Clamp(limit, 1, LargestPage));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var heads = new List<EventHead>();
        while (await row.ReadAsync(cancellation))
            heads.Add(new EventHead(row.GetGuid(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)));
        return Results.Json(new EventHeads(heads), ContractsJson.Default.EventHeads);
    }
}
