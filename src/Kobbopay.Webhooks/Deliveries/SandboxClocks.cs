using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// A merchant has moved its sandbox's clock: its test deliveries that wait for their next attempt are due so much
/// earlier. Attempts under way are on the real clock, as are signatures.
/// </summary>
/// <remarks>
/// A move that is learned of late moves what has begun to wait meanwhile, too: at worst, test retries come early.
/// </remarks>
public sealed class SandboxClocks(
    NpgsqlDataSource database, EndpointLanes lanes, Signal<DeliveryWorker> signal, TimeProvider clock)
    : ISandboxClockHandler
{
    // One statement for the whole queue of a merchant: taken by parts, a part might be moved twice.
    private const string Statement =
        """
        with moved as (
          insert into sandbox_clocks as c (merchant_id, offset_seconds, moved_seconds)
          select a.merchant_id, a.ahead, a.ahead from unnest($1::uuid[], $2::bigint[]) as a (merchant_id, ahead)
          where a.ahead > 0 and not exists (
            select from sandbox_clocks k where k.merchant_id = a.merchant_id and k.offset_seconds >= a.ahead)
          order by a.merchant_id
          on conflict (merchant_id) do update set
            offset_seconds = excluded.offset_seconds, moved_seconds = excluded.offset_seconds - c.offset_seconds
          where excluded.offset_seconds > c.offset_seconds
          returning merchant_id, moved_seconds)
        update delivery_queue q set due_at = q.due_at - m.moved_seconds * interval '1 s'
        from moved m join webhook_endpoints w on w.merchant_id = m.merchant_id and w.environment = 'test'
        where q.endpoint_id = w.id and q.attempt_started_at is null and q.due_at > $3 and q.due_at < 'infinity'
        returning q.endpoint_id
        """;

    public async Task HandleAsync(IReadOnlyList<SandboxClockAdvanced> clocks, CancellationToken cancellation)
    {
        if (clocks.Count == 0)
            return;
        await using var command = database.CreateCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. clocks.Select(one => one.MerchantId)] });
        command.Parameters.Add(new NpgsqlParameter<long[]>
        {
            TypedValue = [.. clocks.Select(one => one.OffsetSeconds)],
        });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });

        HashSet<Guid> endpoints;
        await using (var row = await command.ExecuteReaderAsync(cancellation))
            endpoints = await PaymentOrder.ReadAsync(row, cancellation);
        if (endpoints.Count == 0)
            return;
        lanes.MarkDue(endpoints);
        signal.Set();
    }
}
