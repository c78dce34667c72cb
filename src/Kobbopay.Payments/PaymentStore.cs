using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Events;
using Kobbopay.Payments.Exceptions;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// The one writer of payments. A change and its event, timeline row and transfers are one transaction; a change without
/// its event can't be written, because they come from the same <see cref="Decision.Accepted"/>.
/// </summary>
public sealed partial class PaymentStore(
    NpgsqlDataSource database,
    CreationBatches creations,
    PaymentRenderer renderer,
    MerchantDirectory merchants,
    PaymentExceptions exceptions,
    IdempotencyKeys keys,
    RailCatalog rails,
    Signal<EventSequencer> sequencer,
    Signal<OutboxRelay> relay,
    TimeProvider clock)
{
    private const string ById = $"""
        select {PaymentRows.Columns} from payments p where {PaymentRows.IsOwn}
        """;

    private const string TransfersOfOne = $"""
        select {PaymentRows.TransferColumns} from transfers t where t.payment_id = $1 and t.canonical
        order by t.block_number, t.id
        """;

    /// <summary>A merchant's own payment, or null: somebody else's is no different from none.</summary>
    public async Task<PaymentRecord?> FindAsync(
        Guid merchantId, string environment, Guid paymentId, CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        var payment = batch.Add(ById);
        payment.AddId(paymentId);
        payment.AddId(merchantId);
        payment.AddText(environment);
        batch.Add(TransfersOfOne).AddId(paymentId);
        return (await ReadAsync(batch, cancellation)).SingleOrDefault();
    }

    /// <summary>
    /// Payments and their canonical transfers, locked until the transaction ends, always in the order of their ids, so
    /// that two writers never wait for each other.
    /// </summary>
    public static async Task<IReadOnlyList<PaymentRecord>> LockAsync(
        NpgsqlConnection connection, Guid[] ids, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.Add($"select {PaymentRows.Columns} from payments p where p.id = any($1) order by p.id for update")
            .Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        batch.Add($"""
            select {PaymentRows.TransferColumns} from transfers t where t.payment_id = any($1) and t.canonical
            order by t.block_number, t.id
            """).Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        return await ReadAsync(batch, cancellation);
    }

    /// <summary>
    /// Adds to the batch all that a decision means for a locked payment. Nothing when nothing changed. Call
    /// <see cref="Committed"/> once the batch's transaction is committed.
    /// </summary>
    public async Task AddChangeAsync(
        NpgsqlBatch batch, PaymentRecord before, Decision.Accepted change, CancellationToken cancellation)
    {
        if (await PrepareAsync(before, change, cancellation) is { } prepared)
            AddChanges(batch, [prepared]);
    }

    /// <summary>What a decision means for a locked payment; null when nothing changed.</summary>
    internal async ValueTask<PaymentChange?> PrepareAsync(
        PaymentRecord before, Decision.Accepted change, CancellationToken cancellation)
    {
        var (details, after) = (before.Details, change.Payment);
        var merchant = await merchants.GetAsync(details.MerchantId, details.Environment, cancellation);
        var sandboxClock = rails.Of(details.Network).HasSandboxClock;
        if (change.Events.Count > 0)
        {
            return new PaymentChange(
                before,
                after,
                before.Progress,
                sandboxClock,
                [.. change.Events.Select(
                    happened => RenderEvent(details, happened, before.Progress, before.Delayed, merchant))],
                Progressed: null);
        }

        if (ConfirmationsOf(after).SequenceEqual(ConfirmationsOf(before.State))
            && after.Transfers.SequenceEqual(before.State.Transfers))
            return null;
        var progress = before.Progress + 1;
        return new PaymentChange(
            before, after, progress, sandboxClock, [],
            renderer.RenderPublic(details, after, progress, before.Delayed, merchant.DisplayName));
    }

    /// <summary>Adds changes of different payments, in a few statements whatever their number.</summary>
    internal void AddChanges(NpgsqlBatch batch, List<PaymentChange> changes)
    {
        if (changes.Count == 0)
            return;

        PaymentChanges.AddUpdates(batch, changes, clock.Now());
        foreach (var (before, after, _, _, _, _) in changes)
            PaymentChanges.AddOrderClaim(batch, before, after);
        PaymentChanges.AddEvents(batch, [.. changes.SelectMany(change => change.Events)]);
        foreach (var change in changes)
            exceptions.AddFrom(batch, change);
        AddProgress(batch, changes.Select(change => change.Progressed).OfType<PublicPayment>());
    }

    /// <summary>Adds the batched news of payments that only progressed.</summary>
    private void AddProgress(NpgsqlBatch batch, IEnumerable<PublicPayment> views)
    {
        foreach (var some in views.Chunk(PaymentProgressed.BatchLimit))
            batch.Add(Id.New(clock), new PaymentProgressed(some));
    }

    /// <summary>Wakes what works on what was just committed; forgetting it costs a poll interval.</summary>
    /// <param name="progressed">Something went straight to the outbox: news that are no event.</param>
    public void Committed(bool progressed = false)
    {
        sequencer.Set();
        if (progressed)
            relay.Set();
    }

    /// <summary>An event ready to be stored: everything but its sequence.</summary>
    internal PendingEvent RenderEvent(
        PaymentDetails details, PaymentEvent happened, int progress, bool delayed, MerchantSettings merchant)
    {
        var snapshot = renderer.Render(details, happened.After, delayed);
        var view = renderer.RenderPublic(details, happened.After, progress, delayed, merchant.DisplayName);
        return new PendingEvent(
            Id.New(clock),
            details,
            happened,
            JsonSerializer.SerializeToUtf8Bytes(snapshot, PaymentsJson.Relaxed.PaymentJson),
            JsonSerializer.SerializeToUtf8Bytes(view, ContractsJson.Default.PublicPayment),
            Activity.Current?.Id);
    }

    /// <summary>What progress shows: confirmations of the whole and of each transfer, up to those required.</summary>
    private static IEnumerable<int> ConfirmationsOf(Payment payment) => payment.Transfers
        .Select(transfer => Math.Min(transfer.ConfirmationsAt(payment.Head), payment.Terms.RequiredConfirmations))
        .Prepend(payment.Confirmations);

    private static async Task<IReadOnlyList<PaymentRecord>> ReadAsync(NpgsqlBatch batch, CancellationToken cancellation)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var payments = new List<PaymentRecord>();
        while (await reader.ReadAsync(cancellation))
            payments.Add(PaymentRows.Read(reader));

        await reader.NextResultAsync(cancellation);
        var transfers = new List<(Guid PaymentId, Transfer Transfer)>();
        while (await reader.ReadAsync(cancellation))
            transfers.Add(PaymentRows.ReadTransfer(reader));

        var byPayment = transfers.ToLookup(row => row.PaymentId, row => row.Transfer);
        return payments.ConvertAll(payment => payment with
        {
            State = payment.State with { Transfers = [.. byPayment[payment.Details.Id]] },
        });
    }
}
