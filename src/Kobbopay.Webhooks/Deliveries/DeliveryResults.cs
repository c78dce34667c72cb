using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Why an endpoint is disabled.</summary>
internal static class DisableReasons
{
    /// <summary>It answered 410.</summary>
    public const string Gone = "gone";

    /// <summary>Its answer carried <c>webhook-delivery: disable</c>.</summary>
    public const string Asked = "asked";
}

/// <summary>
/// Records what attempts came to, in batches: the attempt's row, and the delivery either finished and out of the queue
/// or due again. A result counts only for the attempt that the queue still names: one that comes after its lease was
/// taken over is dropped, and its attempt stays <c>outcome_unknown</c>.
/// </summary>
public sealed class DeliveryResults(NpgsqlDataSource database, DeliveryQueue queue, TimeProvider clock)
{
    /// <summary>Results in one transaction at most.</summary>
    public const int BatchLimit = 256;

    private const string Statement = """
        with result as (
          select * from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::int[],
              $7::int[], $8::text[], $9::text[], $10::bytea[], $11::bool[], $13::int[], $14::int[], $15::int[])
            as r (delivery_id, attempt, status, due_at, started_at, latency_ms, status_code, error_kind, answer_headers,
              answer_body, answer_truncated, connect_ms, tls_ms, first_byte_ms)),
        finished as (
          delete from delivery_queue q using result r
          where q.delivery_id = r.delivery_id and q.attempt = r.attempt and r.status <> 'pending'
          returning q.delivery_id),
        again as (
          update delivery_queue q
          set due_at = r.due_at, attempt_started_at = null,
            attempt = q.attempt - case when r.started_at is null then 1 else 0 end
          from result r
          where q.delivery_id = r.delivery_id and q.attempt = r.attempt and r.status = 'pending'
          returning q.delivery_id),
        recorded as (
          insert into attempts (delivery_id, number, id, started_at, latency_ms, outcome, status_code, error_kind,
            answer_headers, answer_body, answer_truncated, connect_ms, tls_ms, first_byte_ms)
          select r.delivery_id, r.attempt, new_id(r.started_at), r.started_at, r.latency_ms,
            case when r.error_kind is null then 'succeeded' else 'failed' end, r.status_code, r.error_kind,
            r.answer_headers, r.answer_body, r.answer_truncated, r.connect_ms, r.tls_ms, r.first_byte_ms
          from result r
          where r.started_at is not null
            and r.delivery_id in (select delivery_id from finished union all select delivery_id from again)
          on conflict do nothing)
        update deliveries d set status = r.status, finished_at = $12
        from result r join finished f on f.delivery_id = r.delivery_id
        where d.id = r.delivery_id
        """;

    public async Task RecordAsync(IReadOnlyList<DeliveryResult> results, CancellationToken cancellation)
    {
        await using (var command = database.CreateCommand(Statement))
        {
            AddParameters(command.Parameters, results, clock.GetUtcNow());
            await command.ExecuteNonQueryAsync(cancellation);
        }

        foreach (var group in results.Where(r => r.DisableReason is not null).GroupBy(r => r.DisableReason!))
            await DisableAsync([.. group.Select(r => r.Delivery.EndpointId).Distinct()], group.Key, cancellation);
    }

    private async Task DisableAsync(Guid[] endpoints, string reason, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            update webhook_endpoints set status = 'disabled', disabled_reason = $2, disabled_at = $3
            where id = any($1) and status = 'enabled'
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = endpoints });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        await command.ExecuteNonQueryAsync(cancellation);
        // What this does not reach (more of it, a crash here) the worker skips at its next look.
        await queue.SkipAsync(endpoints, cancellation);
    }

    private static void AddParameters(
        NpgsqlParameterCollection parameters, IReadOnlyList<DeliveryResult> results, DateTimeOffset now)
    {
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. results.Select(r => r.Delivery.DeliveryId)] });
        parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. results.Select(r => r.Delivery.Attempt)] });
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. results.Select(r => r.Status)] });
        parameters.Add(new NpgsqlParameter<DateTimeOffset?[]> { TypedValue = [.. results.Select(r => r.DueAt)] });
        parameters.Add(new NpgsqlParameter<DateTimeOffset?[]>
        {
            TypedValue = [.. results.Select(r => r.Attempt?.StartedAt)],
        });
        parameters.Add(new NpgsqlParameter<int?[]>
        {
            TypedValue = [.. results.Select(r => (int?)r.Attempt?.Latency.TotalMilliseconds)],
        });
        parameters.Add(new NpgsqlParameter<int?[]> { TypedValue = [.. results.Select(r => r.Attempt?.StatusCode)] });
        parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. results.Select(r => r.Attempt?.ErrorKind)] });
        parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. results.Select(r => r.Attempt?.Headers)] });
        parameters.Add(new NpgsqlParameter<byte[]?[]> { TypedValue = [.. results.Select(r => r.Attempt?.Body)] });
        parameters.Add(new NpgsqlParameter<bool[]>
        {
            TypedValue = [.. results.Select(r => r.Attempt is { Truncated: true })],
        });
        parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        AddMilliseconds(parameters, results, attempt => attempt.Connect);
        AddMilliseconds(parameters, results, attempt => attempt.Tls);
        AddMilliseconds(parameters, results, attempt => attempt.FirstByte);
    }

    private static void AddMilliseconds(
        NpgsqlParameterCollection parameters, IReadOnlyList<DeliveryResult> results, Func<Attempt, TimeSpan?> part) =>
        parameters.Add(new NpgsqlParameter<int?[]>
        {
            TypedValue = [.. results.Select(r => (int?)(r.Attempt is { } attempt ? part(attempt) : null)
                ?.TotalMilliseconds)],
        });
}
