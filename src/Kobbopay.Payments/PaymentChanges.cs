using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>An event as the write path stores it; the sequencer adds the number and renders the body.</summary>
/// <param name="TraceParent">The trace that was current when it happened.</param>
internal sealed record PendingEvent(
    Guid Id, PaymentDetails Details, PaymentEvent Happened, byte[] Snapshot, byte[] PublicView, string? TraceParent);

/// <summary>All that a decision means for one payment, ready to be stored.</summary>
/// <param name="SandboxClock">Its network's blocks have the time of the merchant's sandbox clock.</param>
/// <param name="Progressed">The fresher public view when nothing happened but progress.</param>
internal sealed record PaymentChange(
    PaymentRecord Before,
    Payment After,
    int Progress,
    bool SandboxClock,
    IReadOnlyList<PendingEvent> Events,
    PublicPayment? Progressed);

/// <summary>The statements of a change, for <see cref="PaymentStore"/> alone.</summary>
internal static class PaymentChanges
{
    public static NpgsqlParameterCollection Add(this NpgsqlBatch batch, string sql)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        batch.BatchCommands.Add(command);
        return command.Parameters;
    }

    /// <summary>The rows of payments, each of them once, in one statement: a block may change thousands.</summary>
    public static void AddUpdates(NpgsqlBatch batch, List<PaymentChange> changes, DateTimeOffset now)
    {
        // An address is watched for a time of its chain, so it is closed by the clock that its blocks have.
        var update = batch.Add("""
            update payments p set
              status = c.status, outcome = c.outcome, late = c.late, paid_from = c.paid_from, version = c.version,
              progress = c.progress, accepted_amount = c.accepted_amount, received = c.received,
              confirmations = c.confirmations, head = c.head, resolution_action = c.resolution_action,
              resolution_actor = c.resolution_actor, resolution_reason = c.resolution_reason, paid_at = c.paid_at,
              confirmed_at = c.confirmed_at, reverted_at = c.reverted_at, delayed = c.delayed,
              final = c.final, transfer_count = c.transfer_count,
              closed_at = case when c.status in ('Expired', 'Canceled') then coalesce(p.closed_at,
                $1 + case when c.sandbox_clock then (
                  select s.clock_offset from merchant_settings s
                  where s.merchant_id = p.merchant_id and s.environment = p.environment) else '0' end) end
            from unnest(
              $2::uuid[], $3::text[], $4::text[], $5::bool[], $6::text[], $7::int[], $8::int[], $9::numeric[],
              $10::numeric[], $11::int[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::timestamptz[],
              $17::timestamptz[], $18::timestamptz[], $19::bool[], $20::bool[], $21::numeric[], $22::int[])
              c (id, status, outcome, late, paid_from, version, progress, accepted_amount, received, confirmations,
                 head, resolution_action, resolution_actor, resolution_reason, paid_at, confirmed_at, reverted_at,
                 delayed, sandbox_clock, final, transfer_count)
            where p.id = c.id
            """);
        update.AddTime(now);
        update.AddArray(changes, change => change.Before.Details.Id);
        update.AddArray(changes, change => change.After.Status.ToString());
        update.AddArray(changes, change => PaymentRenderer.NameOf(change.After.Outcome));
        update.AddArray(changes, change => change.After.Late);
        update.AddArray(changes, change => change.After.PaidFrom.ToString());
        update.AddArray(changes, change => change.After.Version);
        update.AddArray(changes, change => change.Progress);
        update.AddArray(changes, change => change.After.AcceptedAmount);
        update.AddArray(changes, change => change.After.Received);
        update.AddArray(changes, change => change.After.Confirmations);
        update.AddArray(changes, change => change.After.Head);
        update.AddArray(changes, change => change.After.Resolution?.Action.ToString());
        update.AddArray(changes, change => change.After.Resolution?.Actor);
        update.AddArray(changes, change => change.After.Resolution?.Reason);
        update.AddArray(changes, change => change.After.PaidAt);
        update.AddArray(changes, change => change.After.ConfirmedAt);
        update.AddArray(changes, change => change.After.RevertedAt);
        update.AddArray(changes, change => change.Before.Delayed && PaymentRecord.ShowsDelay(change.After));
        update.AddArray(changes, change => change.SandboxClock);
        update.AddArray(changes, change => change.After.Final);
        update.AddArray(changes, change => change.After.Transfers.Count);
    }

    /// <summary>
    /// Moves the grace of a chain's reverted payments on, as if so much time had passed; locked in the order of ids.
    /// </summary>
    public static void AddRevertedEarlier(NpgsqlBatch batch, string chain, TimeSpan by)
    {
        var update = batch.Add("""
            update payments set reverted_at = reverted_at - $2 where id in (
              select id from payments where chain = $1 and status = 'Pending' and reverted_at is not null
              order by id for update)
            """);
        update.AddText(chain);
        update.AddInterval(by);
    }

    /// <summary>
    /// An order is free again once its payment is closed, unless another payment of it has been paid: then it is that
    /// one's. It is taken once a payment of it is paid after all, but yields to a claim that stands: money never waits
    /// for an order's rule.
    /// </summary>
    public static void AddOrderClaim(NpgsqlBatch batch, PaymentRecord before, Payment after)
    {
        var wasOpen = before.State.Status is not (PaymentStatus.Expired or PaymentStatus.Canceled);
        var isOpen = after.Status is not (PaymentStatus.Expired or PaymentStatus.Canceled);
        if (wasOpen == isOpen)
            return;

        var claim = batch.Add(isOpen
            ? """
              insert into order_claims (merchant_id, environment, order_id, payment_id) values ($1, $2, $3, $4)
              on conflict do nothing
              """
            : """
              with heir as (
                select id from payments
                where merchant_id = $1 and environment = $2 and order_id = $3 and id <> $4
                  and status in ('Paid', 'Confirmed')
                order by id limit 1),
              inherited as (
                update order_claims set payment_id = heir.id from heir
                where merchant_id = $1 and environment = $2 and order_id = $3 and payment_id = $4)
              delete from order_claims
              where merchant_id = $1 and environment = $2 and order_id = $3 and payment_id = $4
                and not exists (select from heir)
              """);
        claim.AddId(before.Details.MerchantId);
        claim.AddText(before.Details.Environment);
        claim.AddText(before.Details.OrderId);
        claim.AddId(before.Details.Id);
    }

    /// <summary>
    /// Events: their rows of the dated timeline, and their places in the queue of the sequencer, in the order given.
    /// </summary>
    public static void AddEvents(NpgsqlBatch batch, List<PendingEvent> events)
    {
        if (events.Count == 0)
            return;

        var timeline = batch.Add("""
            insert into payment_timeline
              (payment_id, version, type, from_status, to_status, at, old_block_hash, new_block_hash, actor, reason)
            select * from unnest(
              $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
              $9::text[], $10::text[])
            """);
        timeline.AddArray(events, pending => pending.Details.Id);
        timeline.AddArray(events, pending => pending.Happened.After.Version);
        timeline.AddArray(events, pending => pending.Happened.Type);
        timeline.AddArray(events, pending => pending.Happened.From?.ToString());
        timeline.AddArray(events, pending => pending.Happened.After.Status.ToString());
        timeline.AddArray(events, pending => pending.Happened.At);
        timeline.AddArray(events, pending => pending.Happened.Reorg?.OldBlockHash);
        timeline.AddArray(events, pending => pending.Happened.Reorg?.NewBlockHash);
        timeline.AddArray(events, pending => pending.Happened.By?.Actor);
        timeline.AddArray(events, pending => pending.Happened.By?.Reason);
        AddPendingEvents(batch, events);
    }

    private static void AddPendingEvents(NpgsqlBatch batch, List<PendingEvent> events)
    {
        var queue = batch.Add("""
            insert into pending_events
              (id, merchant_id, environment, type, payment_id, order_id, version, status, previous_status, created_at,
               snapshot, public_view, webhook_url, traceparent, old_block_hash, new_block_hash)
            select e.id, e.merchant_id, e.environment, e.type, e.payment_id, e.order_id, e.version, e.status,
              e.previous_status, e.created_at, e.snapshot, e.public_view, e.webhook_url, e.traceparent,
              e.old_block_hash, e.new_block_hash
            from unnest(
              $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::text[], $9::text[],
              $10::timestamptz[], $11::bytea[], $12::bytea[], $13::text[], $14::text[], $15::text[],
              $16::text[]) with ordinality
              e (id, merchant_id, environment, type, payment_id, order_id, version, status, previous_status, created_at,
                 snapshot, public_view, webhook_url, traceparent, old_block_hash, new_block_hash, place)
            order by e.place
            """);
        queue.AddArray(events, pending => pending.Id);
        queue.AddArray(events, pending => pending.Details.MerchantId);
        queue.AddArray(events, pending => pending.Details.Environment);
        queue.AddArray(events, pending => pending.Happened.Type);
        queue.AddArray(events, pending => pending.Details.Id);
        queue.AddArray(events, pending => pending.Details.OrderId);
        queue.AddArray(events, pending => pending.Happened.After.Version);
        queue.AddArray(events, pending => pending.Happened.After.Status.ToString());
        queue.AddArray(events, pending => pending.Happened.From?.ToString());
        queue.AddArray(events, pending => pending.Happened.At);
        queue.AddArray(events, pending => pending.Snapshot);
        queue.AddArray(events, pending => pending.PublicView);
        queue.AddArray(events, pending => pending.Details.WebhookUrl);
        queue.AddArray(events, pending => pending.TraceParent);
        queue.AddArray(events, pending => pending.Happened.Reorg?.OldBlockHash);
        queue.AddArray(events, pending => pending.Happened.Reorg?.NewBlockHash);
    }
}
