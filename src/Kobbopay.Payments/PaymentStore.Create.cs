using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments;

/// <summary>Creation, and what stands in its place when the key was used or the order is taken.</summary>
public sealed partial class PaymentStore
{
    private const string Location = "/v1/payments/";

    /// <returns>
    /// Null when the draft no longer holds and nothing stands in its place: the merchant's settings have changed, or an
    /// order was released at this very moment. It is to be drafted anew.
    /// </returns>
    /// <exception cref="ProblemException">
    /// <c>idempotency_key_reused</c>, <c>order_has_open_payment</c>, <c>order_already_paid</c>, or
    /// <c>invalid_request</c> for a payment that would be too large.
    /// </exception>
    internal async Task<CreateResult?> CreateAsync(
        MerchantIdentity merchant, PaymentDraft draft, IdempotencyClaim? claim, CancellationToken cancellation)
    {
        var created = RenderEvent(draft.Details, draft.Created, 0, draft.Delayed, draft.Merchant);
        if (created.Snapshot.Length > PaymentJson.CreationLimit)
            throw TooLarge();
        var location = Location + Id.Format(Id.Payment, draft.Details.Id);
        FaultPoint.Pass("create.drafted");
        if (await creations.StoreAsync(new Creation(created, draft, claim, location, merchant.KeyId), cancellation))
        {
            FaultPoint.Pass("create.committed");
            Committed();
            return new CreateResult(new StoredAnswer(201, location, created.Snapshot));
        }

        if (await FindReplayAsync(merchant, claim, cancellation) is { } replay)
            return replay;
        return draft.Merchant.OneOpenPaymentPerOrder
            && await FindOrdersPaymentAsync(draft.Details, cancellation) is { } standing
            ? await ReplayOrderAsync(standing, draft, claim, cancellation)
            : null;
    }

    /// <summary>The stored answer of a used idempotency key, or null.</summary>
    /// <exception cref="ProblemException"><c>idempotency_key_reused</c> when it answered another request.</exception>
    internal async Task<CreateResult?> FindReplayAsync(
        MerchantIdentity merchant, IdempotencyClaim? claim, CancellationToken cancellation) =>
        await keys.FindAsync(merchant, claim, cancellation) is { } answer ? new CreateResult(answer) : null;

    /// <summary>Each field is within its limit, and nearly all of them consist of the rarest characters.</summary>
    private static ProblemException TooLarge()
    {
        const string Message = "All fields together are too large: shorten the metadata.";
        return new ProblemException(
            ProblemCodes.InvalidRequest, $"/metadata: {Message}", [new("/metadata", "too_large", Message)]);
    }

    /// <summary>
    /// The same order again: the same payment while it is open and the same; otherwise a conflict that names it.
    /// </summary>
    private async Task<CreateResult> ReplayOrderAsync(
        PaymentRecord standing, PaymentDraft draft, IdempotencyClaim? claim, CancellationToken cancellation)
    {
        var (was, wanted) = (standing.Details, draft.Details);
        var rendered = renderer.Render(was, standing.State, standing.Delayed);
        var conflict = new ConflictingPayment(rendered.PaymentId, rendered.PublicStatusUrl);
        if (standing.State.Status is PaymentStatus.Paid or PaymentStatus.Confirmed)
        {
            throw new ProblemException(ProblemCodes.OrderAlreadyPaid, $"{rendered.PaymentId} has paid this order.")
            {
                Conflict = conflict,
            };
        }

        if (standing.State.Terms.Amount != draft.Created.After.Terms.Amount
            || was.Currency != wanted.Currency || was.Network != wanted.Network)
        {
            throw new ProblemException(
                ProblemCodes.OrderHasOpenPayment,
                $"{rendered.PaymentId} is open for this order, with another amount, currency or network.")
            {
                Conflict = conflict,
            };
        }

        var answer = new StoredAnswer(
            200,
            Location + rendered.PaymentId,
            JsonSerializer.SerializeToUtf8Bytes(rendered, PaymentsJson.Relaxed.PaymentJson));
        await RememberAsync(was, claim, answer, cancellation);
        return new CreateResult(answer, OrderReplayed: true);
    }

    /// <summary>Stores an answer that no creation stored, so that its key gives it again.</summary>
    private async Task RememberAsync(
        PaymentDetails details, IdempotencyClaim? claim, StoredAnswer answer, CancellationToken cancellation)
    {
        if (claim is null)
            return;

        await using var batch = database.CreateBatch();
        var owner = new IdempotencyOwner.Merchant(details.MerchantId, details.Environment);
        keys.Add(batch, owner, claim, answer, orLeave: true);
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<PaymentRecord?> FindOrdersPaymentAsync(PaymentDetails wanted, CancellationToken cancellation)
    {
        const string Claim = """
            join payments p on p.id = c.payment_id where c.merchant_id = $1 and c.environment = $2 and c.order_id = $3
            """;
        await using var batch = database.CreateBatch();
        foreach (var sql in new[]
        {
            $"select {PaymentRows.Columns} from order_claims c {Claim}",
            $"""
            select {PaymentRows.TransferColumns} from transfers t
            where t.canonical and t.payment_id = (select p.id from order_claims c {Claim}) order by t.block_number, t.id
            """,
        })
        {
            var parameters = batch.Add(sql);
            parameters.AddId(wanted.MerchantId);
            parameters.AddText(wanted.Environment);
            parameters.AddText(wanted.OrderId);
        }

        return (await ReadAsync(batch, cancellation)).SingleOrDefault();
    }
}
