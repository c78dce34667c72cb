using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// The internal feed from which consumers heal: any range of a stream as bus messages, and every stream's head.
/// </summary>
public static class FeedEvents
{
    private const int LargestRange = 500;
    private const int LargestPage = 1_000;

    public static void MapFeedEvents(this IEndpointRouteBuilder app)
    {
        app.MapGet(InternalApi.Events, RangeAsync).RequireService(ResourceNames.Webhooks, ResourceNames.PublicStatus);
        app.MapGet(InternalApi.EventHeads, HeadsAsync)
            .RequireService(ResourceNames.Webhooks, ResourceNames.PublicStatus);
    }

    private static async Task<IResult> RangeAsync(
        Guid merchant,
        string environment,
        long after,
        int limit,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        var events = batch.Add("""
            select id, sequence, payment_id, version, type, created_at, body, public_view, webhook_url, traceparent
            from events where merchant_id = $1 and environment = $2 and sequence > $3 order by sequence limit $4
            """);
        events.AddId(merchant);
        events.AddText(environment);
        events.AddLong(after);
        events.AddInteger(Math.Clamp(limit, 1, LargestRange));
        var latest = batch.Add("select latest from event_counters where merchant_id = $1 and environment = $2");
        latest.AddId(merchant);
        latest.AddText(environment);

        await using var row = await batch.ExecuteReaderAsync(cancellation);
        var found = new List<PaymentChanged>();
        while (await row.ReadAsync(cancellation))
        {
            found.Add(new PaymentChanged(
                row.GetGuid(0), merchant, environment, row.GetInt64(1), row.GetGuid(2), row.GetInt32(3),
                row.GetString(4),
                PaymentRows.Time(row, 5), row.GetFieldValue<byte[]>(6),
                JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(7), ContractsJson.Default.PublicPayment)!,
                PaymentRows.TextOrNull(row, 8), PaymentRows.TextOrNull(row, 9)));
        }

        await row.NextResultAsync(cancellation);
        var head = await row.ReadAsync(cancellation) ? row.GetInt64(0) : 0;
        return Results.Json(new EventRange(found, head), ContractsJson.Default.EventRange);
    }

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
            select merchant_id, environment, latest from event_counters
            where (merchant_id, environment) > ($1, $2) order by merchant_id, environment limit $3
            """);
        command.Parameters.AddId(merchant);
        command.Parameters.AddText(environment);
        command.Parameters.AddInteger(Math.Clamp(limit, 1, LargestPage));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var heads = new List<EventHead>();
        while (await row.ReadAsync(cancellation))
            heads.Add(new EventHead(row.GetGuid(0), row.GetString(1), row.GetInt64(2)));
        return Results.Json(new EventHeads(heads), ContractsJson.Default.EventHeads);
    }
}
