using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Puts finished deliveries back into the queue: same delivery, same event, same bytes. The schedule begins anew, and
/// attempts go on being counted.
/// </summary>
internal static class Requeue
{
    /// <summary>
    /// Deliveries that are pending already stay as they are. The caller holds their locks, so that the attempts that
    /// are counted here are all there are.
    /// </summary>
    public static void AddTo(NpgsqlBatch batch, Guid[] deliveries, DateTimeOffset now)
    {
        var command = new NpgsqlBatchCommand(
            """
            with back as (
              update deliveries set status = 'pending', finished_at = null
              where id = any($1) and status <> 'pending'
              returning id, endpoint_id, event_id, url)
            insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at, attempt, attempts_before, url,
              ordered_payment_id, ordered_version)
            select b.id, b.endpoint_id, b.event_id,
              case when w.ordering = 'per_payment' and e.payment_id is not null then 'infinity' else $2 end,
              n.made, n.made, b.url,
              case when w.ordering = 'per_payment' then e.payment_id end,
              case when w.ordering = 'per_payment' then e.version end
            from back b
            join webhook_endpoints w on w.id = b.endpoint_id
            join webhook_events e on e.id = b.event_id
            cross join lateral (
              select coalesce(max(a.number), 0) as made from attempts a where a.delivery_id = b.id) n
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = deliveries });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(PaymentOrder.AfterRequeue(deliveries, now));
    }
}
