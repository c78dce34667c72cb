using System.Numerics;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Amount">What to send; what is missing when absent.</param>
public sealed record PayRequest(DecimalText? Amount);

public sealed record PayAnswer(
    [property: JsonPropertyName("payment_id")] string PaymentId,
    string TxHash,
    string Amount,
    string Currency,
    string Network,
    string Address,
    BlockJson Block);

/// <summary>
/// <c>POST /v1/sandbox/payments/{payment_id}/pay</c>: plays the payer. Sends money to the payment's address and mines
/// the block that holds it, whatever state the payment is in; the answer comes when the block stands.
/// </summary>
public static class PayPayment
{
    public static void MapPayPayment(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/sandbox/payments/{paymentId}/pay", HandleAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true);

    private static async Task HandleAsync(
        HttpContext http,
        string paymentId,
        MerchantIdentity merchant,
        PaymentStore store,
        RailCatalog rails,
        SimulatorChain chain,
        StoredAnswers answers,
        Signal<RailScanner> scanner,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadOrDefaultAsync(
            http, SandboxJson.Default.PayRequest, new PayRequest(null), cancellation);
        var payment = Id.TryParse(Id.Payment, paymentId, out var id)
            ? await store.FindAsync(merchant.MerchantId, merchant.Environment, id, cancellation)
            : null;
        if (payment is null || payment.Details.Network != SimulatorRail.Name)
            throw new ProblemException(ProblemCodes.NotFound, "There is no such payment on a sandbox network.");

        await answers.AnswerAsync(http, merchant, body.Bytes, SandboxJson.Default.PayAnswer, async store =>
        {
            var details = payment.Details;
            var amount = body.Value.Amount is { } given
                ? AmountOf(details, rails, merchant, given)
                : await MissingAsync(payment, chain, cancellation);
            var transfer = new NewTransfer(NewTransfer.NewTxHash(), details.Contract, details.DepositAddress, amount);
            PayAnswer AnswerOf(SimulatorHead head) => new(
                Id.Format(Id.Payment, details.Id),
                transfer.TxHash,
                Amount.Format(amount, details.Decimals),
                details.Currency,
                details.Network,
                details.DepositAddress,
                BlockJson.Of(head));
            await chain.MineAsync(
                details.Chain, 1, [transfer], cancellation, (batch, head) => store(batch, AnswerOf(head)));
        }, cancellation);
        scanner.Set();
    }

    private static BigInteger AmountOf(
        PaymentDetails details, RailCatalog rails, MerchantIdentity merchant, DecimalText given)
    {
        var (rail, asset) = rails.Find(merchant.Environment, details.Network, details.Currency)
            ?? throw new ProblemException(ProblemCodes.UnsupportedRail, "This payment's network is no longer enabled.");
        return CreatePaymentRequest.AmountIn(rail, asset, given);
    }

    /// <summary>
    /// What the chain itself still lacks: what was sent a moment ago counts, though no scan may have seen it yet.
    /// </summary>
    private static async Task<BigInteger> MissingAsync(
        PaymentRecord payment, SimulatorChain chain, CancellationToken cancellation)
    {
        var details = payment.Details;
        var sent = await chain.SentToAsync(details.Chain, details.Contract, details.DepositAddress, cancellation);
        var missing = (payment.State.AcceptedAmount ?? payment.State.Terms.Amount) - sent;
        return missing.Sign > 0
            ? missing
            : throw SandboxRoutes.Invalid("/amount", "required", "Nothing is missing: say how much more to pay.");
    }
}
