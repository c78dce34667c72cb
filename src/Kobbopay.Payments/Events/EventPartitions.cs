using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>The weekly partitions of <c>events</c>, dropped after 90 days (contracts.md, section 3).</summary>
public sealed class EventPartitions(NpgsqlDataSource database) : WeekPartitions(database, "events");

/// <summary>Makes partitions ahead and drops those that are over, with what else is forgotten at that age.</summary>
public sealed partial class KeepEvents(
    NpgsqlDataSource database, EventPartitions partitions, TimeProvider clock, ILogger<KeepEvents> logger)
    : BackgroundLoop(clock, logger)
{
    /// <summary>Events are kept at least so long; their week is dropped as a whole.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private const int RequestsAtOnce = 1_000;

    private readonly ILogger _logger = logger;

    protected override TimeSpan Interval => TimeSpan.FromHours(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var now = Clock.GetUtcNow();
        await partitions.EnsureAheadAsync(now, cancellation);
        foreach (var partition in await partitions.FindOverAsync(now - Kept, cancellation))
            await DropAsync(partition, cancellation);
        return await ForgetRequestsAsync(now - Kept, cancellation) == RequestsAtOnce;
    }

    /// <summary>
    /// First the feeds begin after what is in the partition, then it goes: nobody reads half of a week.
    /// </summary>
    private async Task DropAsync(string partition, CancellationToken cancellation)
    {
#pragma warning disable CA2100 // The name comes from the catalog, of letters, digits and underscores.
        await using (var begin = database.CreateCommand(
            $"""
            update event_counters c set dropped = last.sequence
            from event_counters s, lateral (
              select sequence from {partition} e
              where e.merchant_id = s.merchant_id and e.environment = s.environment
              order by sequence desc limit 1) last
            where c.merchant_id = s.merchant_id and c.environment = s.environment and c.dropped < last.sequence
            """))
            await begin.ExecuteNonQueryAsync(cancellation);
#pragma warning restore CA2100
        await partitions.DropAsync(partition, cancellation);
        LogDropped(partition);
    }

    private async Task<int> ForgetRequestsAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            delete from requested_events where ctid = any (array(
              select ctid from requested_events where filed_at < $1 limit $2 for update skip locked))
            """);
        command.Parameters.AddTime(before);
        command.Parameters.AddInteger(RequestsAtOnce);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Information, "Dropped {Partition}: all its events are older than 90 days")]
    private partial void LogDropped(string partition);
}
