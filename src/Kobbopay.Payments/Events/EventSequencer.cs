using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
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

    /// <summary>With no more events a second than this there is no load to speak of.</summary>
    private const int QuietRate = 300;

    private long _takenAt;
    private bool _busy;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    /// <summary>Under load a batch costs as much as a hundred events: they wait for each other a little.</summary>
    protected override TimeSpan Gathering => TimeSpan.FromMilliseconds(_busy ? 100 : 10);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var (pending, next) = await TakeAsync(connection, cancellation);
        _busy = pending.Count > QuietRate * Clock.GetElapsedTime(_takenAt).TotalSeconds;
        _takenAt = Clock.GetTimestamp();
        if (pending.Count == 0)
            return false;

        FaultPoint.Pass("sequencer.taken");
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
        PaymentsCreated.AddTo(batch, events, Clock);
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

    /// <summary>
    /// Takes the oldest pending events and advances the counter of each of their streams by its share, in one
    /// statement; yields the first number of each stream. The positions are an array: a join could be planned so that
    /// they are looked for anew for each pending row.
    /// </summary>
    private static async Task<(List<PendingEventRow> Rows, Dictionary<EventStream, long> Next)> TakeAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.BeginByKey();
        var take = batch.Add($"""
            with turn as materialized (select pg_try_advisory_xact_lock($1) as mine),
            taken as (
              delete from pending_events where position = any (array(
                select position from pending_events where (select mine from turn) order by position limit $2))
              returning *),
            counted as (
              insert into event_counters as c (merchant_id, environment, latest)
              select merchant_id, environment, count(*) from taken group by merchant_id, environment
              on conflict (merchant_id, environment) do update set latest = c.latest + excluded.latest
              returning merchant_id, environment, latest)
            select {PendingEventRow.Columns}, c.latest
            from taken p join counted c on c.merchant_id = p.merchant_id and c.environment = p.environment
            """);
        take.AddLong(LockKey);
        take.AddInteger(BatchLimit);
        batch.EndByKey();

        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var rows = new List<PendingEventRow>();
        var next = new Dictionary<EventStream, long>();
        while (await reader.ReadAsync(cancellation))
        {
            var row = PendingEventRow.Read(reader);
            rows.Add(row);
            // The head as it is now, less one for each event of the stream: where the first of them goes.
            next[row.Stream] = next.GetValueOrDefault(row.Stream, reader.GetInt64(PendingEventRow.ColumnCount) + 1) - 1;
        }

        rows.Sort((one, other) => one.Position.CompareTo(other.Position));
        return (rows, next);
    }
}
