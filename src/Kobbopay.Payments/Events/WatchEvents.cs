using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// Finds what another replica sequenced for requests that wait here: one cheap query at a time for all of them, and
/// none while nobody waits.
/// </summary>
public sealed class WatchEvents(
    NpgsqlDataSource database, EventWaiters waiters, TimeProvider clock, ILogger<WatchEvents> logger)
    : BackgroundLoop(clock, logger)
{
    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var streams = waiters.Streams();
        if (streams.Length == 0)
            return false;

        await using var command = database.CreateCommand(
            """
            select c.merchant_id, c.environment, c.latest
            from unnest($1::uuid[], $2::text[]) w (merchant_id, environment)
            join event_counters c on c.merchant_id = w.merchant_id and c.environment = w.environment
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. streams.Select(s => s.MerchantId)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. streams.Select(s => s.Environment)] });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var heads = new List<KeyValuePair<EventStream, long>>(streams.Length);
        while (await row.ReadAsync(cancellation))
            heads.Add(new(new EventStream(row.GetGuid(0), row.GetString(1)), row.GetInt64(2)));
        waiters.Announce(heads);
        return false;
    }
}
