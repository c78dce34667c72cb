using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// Gives each event its place in its merchant's feed: takes pending events in the order they were written, numbers them
/// from a counter row, renders each body once, and moves them to the log and to the outbox, in one transaction. The
/// write path takes no shared lock, and the feed has neither gaps nor late arrivals, whatever the broker does.
/// </summary>
public sealed class EventSequencer(
    NpgsqlDataSource database,
    Signal<EventSequencer> signal,
    Signal<OutboxRelay> relay,
    EventPartitions partitions,
    EventWaiters waiters,
    TimeProvider clock,
    ILogger<EventSequencer> logger) : BackgroundLoop(clock, logger)
{
    private const int BatchLimit = 500;

    /// <summary>
    /// One replica sequences at a time: order within a payment is the order of <c>position</c>, and two at once could
    /// commit it the other way round. The counter row alone would keep numbers unique.
    /// </summary>
    private const long LockKey = 0x6b6f_6262_6f02;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override TimeSpan Gathering => TimeSpan.FromMilliseconds(10);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var pending = await TakeAsync(connection, cancellation);
        if (pending.Count == 0)
            return false;

        FaultPoint.Pass("sequencer.taken");
        var next = await NumberAsync(connection, pending, cancellation);
        var events = pending.ConvertAll(row => SequencedEvent.From(row, next[row.Stream]++));
        await StoreAsync(connection, events, cancellation);
        FaultPoint.Pass("sequencer.written");
        await transaction.CommitAsync(cancellation);
        FaultPoint.Pass("sequencer.committed");
        relay.Set();
        waiters.Announce(next.Select(stream => KeyValuePair.Create(stream.Key, stream.Value - 1)));
        return pending.Count == BatchLimit;
    }

    private async Task StoreAsync(
        NpgsqlConnection connection, List<SequencedEvent> events, CancellationToken cancellation)
    {
        await partitions.EnsureAsync(events.Select(e => e.Row.Id), cancellation);
        await using var batch = connection.CreateBatch();
        SequencedEvent.AddToLog(batch, events);
        SequencedEvent.AddToOutbox(batch, events);
        try
        {
            await batch.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // The partition that these events belong to was dropped; the next attempt makes it again.
            partitions.Forget();
            throw;
        }
    }

    private static async Task<List<PendingEventRow>> TakeAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(QueuePlans.Fresh);
        var take = batch.Add($"""
            with turn as materialized (select pg_try_advisory_xact_lock($1) as mine),
            next as (select position from pending_events where (select mine from turn) order by position limit $2)
            delete from pending_events p using next where p.position = next.position
            returning {PendingEventRow.Columns}
            """);
        take.AddLong(LockKey);
        take.AddInteger(BatchLimit);
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var rows = new List<PendingEventRow>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(PendingEventRow.Read(reader));
        rows.Sort((one, other) => one.Position.CompareTo(other.Position));
        return rows;
    }

    /// <summary>Advances each stream's counter by its share of the batch; yields the first number of each.</summary>
    private static async Task<Dictionary<EventStream, long>> NumberAsync(
        NpgsqlConnection connection, List<PendingEventRow> pending, CancellationToken cancellation)
    {
        var streams = pending.CountBy(row => row.Stream).ToList();
        await using var command = new NpgsqlCommand(
            """
            insert into event_counters as c (merchant_id, environment, latest)
            select * from unnest($1::uuid[], $2::text[], $3::bigint[])
            on conflict (merchant_id, environment) do update set latest = c.latest + excluded.latest
            returning merchant_id, environment, latest
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. streams.Select(s => s.Key.MerchantId)] });
        command.Parameters.Add(
            new NpgsqlParameter<string[]> { TypedValue = [.. streams.Select(s => s.Key.Environment)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. streams.Select(s => (long)s.Value)] });
        var counts = streams.ToDictionary(stream => stream.Key, stream => stream.Value);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var next = new Dictionary<EventStream, long>();
        while (await reader.ReadAsync(cancellation))
        {
            var stream = new EventStream(reader.GetGuid(0), reader.GetString(1));
            next[stream] = reader.GetInt64(2) - counts[stream] + 1;
        }

        return next;
    }
}
