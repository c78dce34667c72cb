using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Works replays off, one chunk of one replay at a time, in turns: what is queued and the place that was come to are
/// one transaction, so a stop anywhere costs nothing. A replica takes only replays that no other is at.
/// </summary>
public sealed class ReplayWorker(
    NpgsqlDataSource database,
    EndpointLanes lanes,
    Signal<DeliveryWorker> deliveries,
    Signal<ReplayWorker> signal,
    TimeProvider clock,
    ILogger<ReplayWorker> logger)
    : BackgroundLoop(clock, logger)
{
    /// <summary>Deliveries, or events, that are looked at in one transaction.</summary>
    public const int ChunkLimit = 1_000;

    private const string Turn = """
        select r.id, r.kind, r.endpoint_id, r.merchant_id, r.environment, r.place, r.ending, w.status = 'enabled'
        from replays r join webhook_endpoints w on w.id = r.endpoint_id
        where r.finished_at is null order by r.worked_at limit 1 for update of r skip locked
        """;

    private const string DeliveriesOfEndpoint = """
        select id from deliveries where endpoint_id = $1 and id > $2 and id < $3 order by id limit $4
        """;

    /// <summary>One that somebody else holds is being put back, or forgotten.</summary>
    private const string LockFailed = """
        select id from deliveries where id = any($1) and status in ('exhausted', 'skipped')
        order by id for update skip locked
        """;

    private const string EventsOfMerchant = """
        select id from webhook_events
        where merchant_id = $1 and environment = $2 and id > $3 and id < $4 order by id limit $5
        """;

    // An event that is committed has its deliveries, so what has none is missing; its lock keeps it from being
    // forgotten at this very moment.
    private const string QueueMissing = """
        with missing as (
          select e.id, e.type, e.payment_id, e.version, e.merchant_id, e.environment,
            w.id as endpoint_id, w.ordering = 'per_payment' as ordered
          from webhook_events e join webhook_endpoints w on w.id = $2
          where e.id = any($1) and e.type <> $3 and e.except_endpoint_id is distinct from w.id
            and w.events && array['*', split_part(e.type, '.', 1) || '.*', e.type]
            and not exists (select from deliveries d where d.event_id = e.id and d.endpoint_id = w.id)
          order by e.id for share of e skip locked),
        delivered as (
          insert into deliveries (id, merchant_id, environment, endpoint_id, event_id, event_type, payment_id, status,
            created_at)
          select new_id($4), merchant_id, environment, endpoint_id, id, type, payment_id, 'pending', $4 from missing
          on conflict (event_id, endpoint_id) do nothing
          returning id, event_id)
        insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at, ordered_payment_id, ordered_version)
        select d.id, m.endpoint_id, m.id,
          case when m.ordered and m.payment_id is not null then 'infinity' else $4 end,
          case when m.ordered then m.payment_id end, case when m.ordered then m.version end
        from delivered d join missing m on m.id = d.event_id
        returning delivery_id
        """;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var replay = await TakeTurnAsync(connection, cancellation);
        if (replay is null)
            return false;

        var now = Clock.GetUtcNow();
        if (!replay.Enabled)
        {
            await AdvanceAsync(connection, replay, replay.Place, queued: 0, "canceled", now, cancellation);
            await transaction.CommitAsync(cancellation);
            return true;
        }

        var (seen, queued) = replay.Kind == Replays.Recover
            ? await RecoverAsync(connection, replay, now, cancellation)
            : await ReplayMissingAsync(connection, replay, now, cancellation);
        var (place, status) = seen.Length < ChunkLimit ? (replay.Ending, "completed") : (seen[^1], "running");
        await AdvanceAsync(connection, replay, place, queued, status, now, cancellation);
        await transaction.CommitAsync(cancellation);
        if (queued > 0)
        {
            lanes.MarkDue([replay.EndpointId]);
            deliveries.Set();
        }

        return true;
    }

    private static async Task<Replay?> TakeTurnAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Turn, connection);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? new Replay(
                row.GetGuid(0), row.GetString(1), row.GetGuid(2), row.GetGuid(3), row.GetString(4), row.GetGuid(5),
                row.GetGuid(6), row.GetBoolean(7))
            : null;
    }

    private static async Task<(Guid[] Seen, int Queued)> RecoverAsync(
        NpgsqlConnection connection, Replay replay, DateTimeOffset now, CancellationToken cancellation)
    {
        var seen = await IdsAsync(connection, DeliveriesOfEndpoint, [
            new NpgsqlParameter<Guid> { TypedValue = replay.EndpointId },
            new NpgsqlParameter<Guid> { TypedValue = replay.Place },
            new NpgsqlParameter<Guid> { TypedValue = replay.Ending },
            new NpgsqlParameter<int> { TypedValue = ChunkLimit }], cancellation);
        var failed = await IdsAsync(
            connection, LockFailed, [new NpgsqlParameter<Guid[]> { TypedValue = seen }], cancellation);
        if (failed.Length > 0)
        {
            await using var batch = connection.CreateBatch();
            Requeue.AddTo(batch, failed, now);
            await batch.ExecuteNonQueryAsync(cancellation);
        }

        return (seen, failed.Length);
    }

    private static async Task<(Guid[] Seen, int Queued)> ReplayMissingAsync(
        NpgsqlConnection connection, Replay replay, DateTimeOffset now, CancellationToken cancellation)
    {
        var seen = await IdsAsync(connection, EventsOfMerchant, [
            new NpgsqlParameter<Guid> { TypedValue = replay.MerchantId },
            new NpgsqlParameter<string> { TypedValue = replay.Environment },
            new NpgsqlParameter<Guid> { TypedValue = replay.Place },
            new NpgsqlParameter<Guid> { TypedValue = replay.Ending },
            new NpgsqlParameter<int> { TypedValue = ChunkLimit }], cancellation);
        var queued = await IdsAsync(connection, QueueMissing, [
            new NpgsqlParameter<Guid[]> { TypedValue = seen },
            new NpgsqlParameter<Guid> { TypedValue = replay.EndpointId },
            new NpgsqlParameter<string> { TypedValue = EventTypes.WebhookTest },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = now }], cancellation);
        if (queued.Length > 0)
        {
            await using var batch = connection.CreateBatch();
            batch.BatchCommands.Add(PaymentOrder.AfterRequeue(queued, now));
            await batch.ExecuteNonQueryAsync(cancellation);
        }

        return (seen, queued.Length);
    }

    private static async Task<Guid[]> IdsAsync(
        NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancellation)
    {
#pragma warning disable CA2100 // One of the statements above.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        command.Parameters.AddRange(parameters);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var ids = new List<Guid>();
        while (await row.ReadAsync(cancellation))
            ids.Add(row.GetGuid(0));
        return [.. ids];
    }

    private static async Task AdvanceAsync(
        NpgsqlConnection connection,
        Replay replay,
        Guid place,
        int queued,
        string status,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            update replays set place = $2, queued = queued + $3, status = $4, worked_at = $5,
              finished_at = case when $4 <> 'running' then $5 end
            where id = $1
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = replay.Id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = place });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = queued });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = status });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private sealed record Replay(
        Guid Id,
        string Kind,
        Guid EndpointId,
        Guid MerchantId,
        string Environment,
        Guid Place,
        Guid Ending,
        bool Enabled);
}
