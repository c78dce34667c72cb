using System.Diagnostics;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>An event as the write path stores it; the sequencer adds the number and renders the body.</summary>
internal sealed record PendingEvent(
    Guid Id, PaymentDetails Details, PaymentEvent Happened, byte[] Snapshot, byte[] PublicView);

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

    public static void AddUpdate(
        NpgsqlBatch batch, PaymentRecord before, Payment after, int progress, bool sandboxClock, DateTimeOffset now)
    {
        // An address is watched for a time of its chain, so it is closed by the clock that its blocks have.
        var update = batch.Add("""
            update payments set
              status = $2, outcome = $3, late = $4, paid_from = $5, version = $6, progress = $7, accepted_amount = $8,
              received = $9, confirmations = $10, head = $11, resolution_action = $12, resolution_actor = $13,
              resolution_reason = $14, paid_at = $15, confirmed_at = $16, reverted_at = $17,
              closed_at = case when $2 in ('Expired', 'Canceled') then coalesce(closed_at, $18 + case when $21 then (
                select s.clock_offset from merchant_settings s
                where s.merchant_id = payments.merchant_id and s.environment = payments.environment) else '0' end) end,
              delayed = $22, final = $19, transfer_count = $20
            where id = $1
            """);
        update.AddId(before.Details.Id);
        update.AddText(after.Status.ToString());
        update.AddText(PaymentRenderer.NameOf(after.Outcome));
        update.AddFlag(after.Late);
        update.AddText(after.PaidFrom.ToString());
        update.AddInteger(after.Version);
        update.AddInteger(progress);
        update.AddUnits(after.AcceptedAmount);
        update.AddUnits(after.Received);
        update.AddInteger(after.Confirmations);
        update.AddLong(after.Head);
        update.AddText(after.Resolution?.Action.ToString());
        update.AddText(after.Resolution?.Actor);
        update.AddText(after.Resolution?.Reason);
        update.AddTime(after.PaidAt);
        update.AddTime(after.ConfirmedAt);
        update.AddTime(after.RevertedAt);
        update.AddTime(now);
        update.AddUnits(after.Final);
        update.AddInteger(after.Transfers.Count);
        update.AddFlag(sandboxClock);
        update.AddFlag(before.Delayed && PaymentRecord.ShowsDelay(after));
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

    /// <summary>One event: its row of the dated timeline, and its place in the queue of the sequencer.</summary>
    public static void AddEvent(NpgsqlBatch batch, PendingEvent pending)
    {
        var happened = pending.Happened;
        var timeline = batch.Add("""
            insert into payment_timeline
              (payment_id, version, type, from_status, to_status, at, old_block_hash, new_block_hash, actor, reason)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """);
        timeline.AddId(pending.Details.Id);
        timeline.AddInteger(happened.After.Version);
        timeline.AddText(happened.Type);
        timeline.AddText(happened.From?.ToString());
        timeline.AddText(happened.After.Status.ToString());
        timeline.AddTime(happened.At);
        timeline.AddText(happened.Reorg?.OldBlockHash);
        timeline.AddText(happened.Reorg?.NewBlockHash);
        timeline.AddText(happened.By?.Actor);
        timeline.AddText(happened.By?.Reason);

        AddPendingEvent(
            batch.Add("""
                insert into pending_events
                  (id, merchant_id, environment, type, payment_id, order_id, version, status, previous_status,
                   created_at, snapshot, public_view, webhook_url, traceparent)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                """),
            pending);
    }

    public static void AddPendingEvent(NpgsqlParameterCollection parameters, PendingEvent pending)
    {
        var happened = pending.Happened;
        parameters.AddId(pending.Id);
        parameters.AddId(pending.Details.MerchantId);
        parameters.AddText(pending.Details.Environment);
        parameters.AddText(happened.Type);
        parameters.AddId(pending.Details.Id);
        parameters.AddText(pending.Details.OrderId);
        parameters.AddInteger(happened.After.Version);
        parameters.AddText(happened.After.Status.ToString());
        parameters.AddText(happened.From?.ToString());
        parameters.AddTime(happened.At);
        parameters.AddBytes(pending.Snapshot);
        parameters.AddBytes(pending.PublicView);
        parameters.AddText(pending.Details.WebhookUrl);
        parameters.AddText(Activity.Current?.Id);
    }
}
