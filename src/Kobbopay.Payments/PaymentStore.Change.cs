using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>A merchant's own decision about one payment.</summary>
public sealed partial class PaymentStore
{
    private const string OwnForUpdate = $"""
        select {PaymentRows.Columns} from payments p where {PaymentRows.IsOwn} for update
        """;

    /// <summary>
    /// Applies an input to a merchant's payment, locked meanwhile: a scan or another decision comes before or after it,
    /// never in between.
    /// </summary>
    /// <param name="alongside">Adds to the same transaction, once the payment is what it will be.</param>
    /// <exception cref="ProblemException"><c>not_found</c>, or the code that the lifecycle rejects with.</exception>
    internal async Task ChangeAsync(
        MerchantIdentity merchant,
        string paymentId,
        PaymentInput input,
        Action<NpgsqlBatch, PaymentJson> alongside,
        CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var payment = Id.TryParse(Id.Payment, paymentId, out var id)
            ? await LockOwnAsync(connection, merchant, id, cancellation)
            : null;
        if (payment is null)
            throw new ProblemException(ProblemCodes.NotFound, "There is no such payment.");

        var accepted = PaymentLifecycle.Apply(payment.State, input, clock.Now()) switch
        {
            Decision.Accepted change => change,
            Decision.Rejected rejected => throw new ProblemException(rejected.Code, WhyNot(payment)),
            _ => throw new InvalidOperationException("The lifecycle is total"),
        };
        await using var batch = new NpgsqlBatch(connection, transaction);
        await AddChangeAsync(batch, payment, accepted, cancellation);
        alongside(batch, renderer.Render(payment.Details, accepted.Payment, payment.Delayed));
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        Committed();
    }

    private static async Task<PaymentRecord?> LockOwnAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, Guid paymentId, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        var payment = batch.Add(OwnForUpdate);
        payment.AddId(paymentId);
        payment.AddId(merchant.MerchantId);
        payment.AddText(merchant.Environment);
        batch.Add(TransfersOfOne).AddId(paymentId);
        return (await ReadAsync(batch, cancellation)).SingleOrDefault();
    }

    private static string WhyNot(PaymentRecord payment)
    {
        var (state, details) = (payment.State, payment.Details);
        var received = state.Received.IsZero
            ? "nothing"
            : $"{Amount.Format(state.Received, details.Decimals)} {details.Currency}";
        var dismissed = state.Resolution is { Action: ResolutionAction.Dismiss } ? " and dismissed" : string.Empty;
        return $"The payment is {state.Status} with {received} received{dismissed}.";
    }
}
