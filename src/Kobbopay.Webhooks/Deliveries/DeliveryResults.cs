using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Records what attempts came to, in batches: the attempt's row, the delivery either finished and out of the queue or
/// due again, and what it says of the endpoint. A result counts only for the attempt that the queue still names: one
/// that comes after its lease was taken over is dropped, and its attempt stays <c>outcome_unknown</c>.
/// </summary>
public sealed class DeliveryResults(
    NpgsqlDataSource database,
    DeliveryQueue queue,
    AttemptPartitions partitions,
    EndpointLanes lanes,
    EndpointHealth health,
    EndpointTrouble trouble,
    TimeProvider clock)
{
    /// <summary>Results in one transaction at most.</summary>
    public const int BatchLimit = 256;

    // A batch may hold the late result of an attempt beside that of its successor: what counts is told by both keys. In
    // words that no index serves, since the place is what the row is found by.
    private const string Named = """
        q.delivery_id is not distinct from r.delivery_id and q.attempt = r.attempt and q.attempt_started_at is not null
        """;

    // Rows are found by where they were as they were claimed, and by key only if they have moved: a plan by the key is
    // of the queue as it was when its statistics were taken, and reads all of a long one for what cost nothing in an
    // empty one. Likewise the limit: one that the planner can't know it takes for few rows.
    private const string Statement = $"""
        with result as (
          select r.*, coalesce(
            (select q.ctid from delivery_queue q
             where q.ctid = r.claimed_at::tid and q.delivery_id is not distinct from r.delivery_id),
            (select q.ctid from delivery_queue q where q.delivery_id = r.delivery_id)) as place
          from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::uuid[], $6::timestamptz[],
              $7::int[], $8::int[], $9::text[], $10::text[], $11::bytea[], $12::bool[], $13::int[], $14::int[],
              $15::int[], $17::text[])
            as r (delivery_id, attempt, status, due_at, attempt_id, started_at, latency_ms, status_code, error_kind,
              answer_headers, answer_body, answer_truncated, connect_ms, tls_ms, first_byte_ms, claimed_at)
          limit cardinality($1)),
        finished as (
          delete from delivery_queue q using result r
          where q.ctid = r.place and {Named} and r.status <> 'pending'
          returning r.*),
        again as (
          update delivery_queue q
          set due_at = coalesce(r.due_at, q.due_at), attempt_started_at = null,
            attempt = q.attempt - case when r.started_at is null then 1 else 0 end
          from result r
          where q.ctid = r.place and {Named} and r.status = 'pending'
          returning r.*),
        recorded as (
          insert into attempts (delivery_id, number, id, started_at, latency_ms, outcome, status_code, error_kind,
            answer_headers, answer_body, answer_truncated, connect_ms, tls_ms, first_byte_ms)
          select r.delivery_id, r.attempt, r.attempt_id, r.started_at, r.latency_ms,
            case when r.error_kind is null then 'succeeded' else 'failed' end, r.status_code, r.error_kind,
            r.answer_headers, r.answer_body, r.answer_truncated, r.connect_ms, r.tls_ms, r.first_byte_ms
          from (table finished union all table again) r
          where r.started_at is not null)
        update deliveries d set status = f.status, finished_at = $16 from finished f where d.id = f.delivery_id
        """;

    public async Task RecordAsync(IReadOnlyList<DeliveryResult> results, CancellationToken cancellation)
    {
        var failing = await WriteAsync(results, cancellation);
        var disabled = await trouble.JudgeAsync(results, failing, cancellation);
        // What this does not reach (more of it, a crash here) the worker skips at its next look.
        if (disabled.Count > 0)
            await queue.SkipAsync(disabled, cancellation);
    }

    private async Task<List<FailingEndpoint>> WriteAsync(
        IReadOnlyList<DeliveryResult> results, CancellationToken cancellation)
    {
        // They are made ahead, unless the clock was set ahead.
        foreach (var attempt in results.Select(result => result.Attempt).OfType<Attempt>())
            await partitions.EnsureAsync(attempt.StartedAt, cancellation);
        await using var batch = database.CreateBatch();
        var record = new NpgsqlBatchCommand(Statement);
        AddParameters(record.Parameters, results, clock.GetUtcNow());
        batch.BeginByKey();
        batch.BatchCommands.Add(record);
        batch.EndByKey();
        var news = health.News(results);
        if (news.Length > 0)
            batch.BatchCommands.Add(health.Command(news));

        Guid[] ended = [.. results.Where(r => r.Status != DeliveryResult.Pending)
            .Select(r => r.Delivery.OrderedPaymentId).OfType<Guid>()];
        if (ended.Length > 0)
            batch.BatchCommands.Add(PaymentOrder.After(ended, clock.GetUtcNow()));

        List<FailingEndpoint> failing = [];
        HashSet<Guid> released = [];
        await using (var row = await batch.ExecuteReaderAsync(cancellation))
        {
            if (news.Length > 0)
            {
                failing = await EndpointHealth.ReadAsync(row, cancellation);
                await row.NextResultAsync(cancellation);
            }

            if (ended.Length > 0)
                released = await PaymentOrder.ReadAsync(row, cancellation);
        }

        // Only now it is committed: a claim that came before would find nothing.
        lanes.MarkDue(released);
        health.Remember(news);
        return failing;
    }

    private static void AddParameters(
        NpgsqlParameterCollection parameters, IReadOnlyList<DeliveryResult> results, DateTimeOffset now)
    {
        parameters.Add(Array(results, r => r.Delivery.DeliveryId));
        parameters.Add(Array(results, r => r.Delivery.Attempt));
        parameters.Add(Array(results, r => r.Status));
        parameters.Add(Array(results, r => r.DueAt));
        parameters.Add(Array(results, r => r.Attempt is { } attempt ? Id.New(attempt.StartedAt) : (Guid?)null));
        parameters.Add(Array(results, r => r.Attempt?.StartedAt));
        parameters.Add(Array(results, r => (int?)r.Attempt?.Latency.TotalMilliseconds));
        parameters.Add(Array(results, r => r.Attempt?.StatusCode));
        parameters.Add(Array(results, r => r.Attempt?.ErrorKind));
        parameters.Add(Array(results, r => r.Attempt?.Headers));
        parameters.Add(Array(results, r => r.Attempt?.Body));
        parameters.Add(Array(results, r => r.Attempt is { Truncated: true }));
        parameters.Add(Array(results, r => (int?)r.Attempt?.Connect?.TotalMilliseconds));
        parameters.Add(Array(results, r => (int?)r.Attempt?.Tls?.TotalMilliseconds));
        parameters.Add(Array(results, r => (int?)r.Attempt?.FirstByte?.TotalMilliseconds));
        parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        parameters.Add(Array(results, r => r.Delivery.Place));
    }

    private static NpgsqlParameter<T[]> Array<T>(IReadOnlyList<DeliveryResult> results, Func<DeliveryResult, T> value)
    {
        var values = new T[results.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(results[i]);
        return new NpgsqlParameter<T[]> { TypedValue = values };
    }
}
