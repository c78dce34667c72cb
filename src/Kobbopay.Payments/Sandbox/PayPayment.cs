using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Sandbox;

/// <param name="Amount">What to send; what is missing when absent.</param>
/// <param name="Currency">Another currency of the network: a payer who sends the wrong token.</param>
/// <param name="Transfers">Instead of one amount: several transfers in one transaction.</param>
/// <param name="Mine">Whether to mine the block that holds it; otherwise the next block does.</param>
public sealed record PayRequest(
    DecimalText? Amount, string? Currency, IReadOnlyList<DecimalText>? Transfers, bool? Mine);

/// <param name="Amount">Of all transfers.</param>
/// <param name="Block">The new head, which holds the transaction; null when it was not mined.</param>
public sealed record PayAnswer(
    [property: JsonPropertyName("payment_id")] string PaymentId,
    string TxHash,
    string Amount,
    string Currency,
    string Network,
    string Address,
    IReadOnlyList<string> Transfers,
    BlockJson? Block);

/// <summary>
/// <c>POST /v1/sandbox/payments/{payment_id}/pay</c>: plays the payer. Sends money to the payment's address and mines
/// the block that holds it, whatever state the payment is in; the answer comes when the block stands.
/// </summary>
public static class PayPayment
{
    /// <summary>Transfers in one transaction at most.</summary>
    private const int TransferLimit = 20;

    public static void MapPayPayment(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/sandbox/payments/{paymentId}/pay", HandleAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("paySandboxPayment", "Play the payer of a test payment")
            .MayTake<PayRequest>()
            .Answers<PayAnswer>();

    private static async Task HandleAsync(
        HttpContext http,
        string paymentId,
        MerchantIdentity merchant,
        SharedReads reads,
        RailCatalog rails,
        SimulatorChain chain,
        StoredAnswers answers,
        AuditTrail audit,
        Signal<RailScanner> scanner,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadOrDefaultAsync(
            http, SandboxJson.Default.PayRequest, new PayRequest(null, null, null, null), cancellation);
        if (!Id.TryParse(Id.Payment, paymentId, out var id)
            || await FindAsync(reads, merchant, id, cancellation) is not var (payment, sent)
            || payment.Details.Network != SimulatorRail.Name)
            throw new ProblemException(ProblemCodes.NotFound, "There is no such payment on a sandbox network.");

        var mine = body.Value.Mine ?? true;
        await answers.AnswerAsync(http, merchant, body.Bytes, SandboxJson.Default.PayAnswer, async store =>
        {
            var asset = AssetOf(body.Value.Currency ?? payment.Details.Currency, rails.Of(SimulatorRail.Name));
            var amounts = AmountsOf(body.Value, payment, sent, asset, rails);
            var txHash = NewTransfer.NewTxHash();
            NewTransfer[] transfers =
                [.. amounts.Select(amount => new NewTransfer(
                    txHash, asset.Contract, payment.Details.DepositAddress, amount))];
            void Store(NpgsqlBatch batch, BlockJson? block)
            {
                var answer = AnswerOf(payment, asset, transfers, block);
                store(batch, answer);
                audit.Enqueue(batch, http, merchant, "sandbox.paid", answer.PaymentId, new JsonObject
                {
                    ["amount"] = answer.Amount,
                    ["currency"] = answer.Currency,
                    ["txHash"] = answer.TxHash,
                });
            }

            if (mine)
            {
                await chain.MineAsync(
                    payment.Details.Chain, 1, transfers, cancellation,
                    (batch, head) => Store(batch, BlockJson.Of(head)));
            }
            else
            {
                await chain.SendAsync(
                    payment.Details.Chain, transfers, batch => Store(batch, block: null), cancellation);
            }
        }, cancellation, looksFirst: false);
        if (mine)
            scanner.Set();
    }

    /// <summary>
    /// The payment, and what the chain itself has of it: what was sent a moment ago counts, though no scan may have
    /// seen it yet.
    /// </summary>
    private static Task<Payable?> FindAsync(
        SharedReads reads, MerchantIdentity merchant, Guid id, CancellationToken cancellation) => reads.FindAsync(
            batch =>
            {
                var parameters = batch.Add($"""
                    select {PaymentRows.Columns}, {SimulatorChain.SentToPayment} from payments p
                    where {PaymentRows.IsOwn}
                    """);
                parameters.AddId(id);
                parameters.AddOwner(merchant);
            },
            row => new Payable(PaymentRows.Read(row), row.GetFieldValue<BigInteger>(row.FieldCount - 1)),
            cancellation);

    private static PayAnswer AnswerOf(
        PaymentRecord payment, RailAsset asset, NewTransfer[] transfers, BlockJson? block)
    {
        string Text(BigInteger units) => Amount.Format(units, asset.Decimals);
        var total = transfers.Aggregate(BigInteger.Zero, (sum, transfer) => sum + transfer.Amount);
        return new PayAnswer(
            Id.Format(Id.Payment, payment.Details.Id),
            transfers[0].TxHash,
            Text(total),
            asset.Currency,
            payment.Details.Network,
            payment.Details.DepositAddress,
            [.. transfers.Select(transfer => Text(transfer.Amount))],
            block);
    }

    /// <summary>Any asset that the network has: what takes no new payments can still be sent.</summary>
    private static RailAsset AssetOf(string currency, IRail rail) =>
        rail.Assets.FirstOrDefault(asset => asset.Currency == currency)
        ?? throw SandboxRoutes.Invalid(
            "/currency",
            "unknown_value",
            $"{rail.Network} has {string.Join(", ", rail.Assets.Select(asset => asset.Currency))}.");

    private static IReadOnlyList<BigInteger> AmountsOf(
        PayRequest request, PaymentRecord payment, BigInteger sent, RailAsset asset, RailCatalog rails)
    {
        var rail = rails.Of(payment.Details.Network);
        if (request.Transfers is { } several)
        {
            if (request.Amount is not null)
                throw SandboxRoutes.Invalid("/amount", "conflict", "Give either amount or transfers.");
            if (several.Count is 0 or > TransferLimit)
                throw SandboxRoutes.Invalid("/transfers", "out_of_range", $"Must be 1 to {TransferLimit} amounts.");
            return [.. several.Select((one, i) => CreatePaymentRequest.AmountIn(rail, asset, one, $"/transfers/{i}"))];
        }

        if (request.Amount is { } given)
            return [CreatePaymentRequest.AmountIn(rail, asset, given)];
        if (asset.Currency == payment.Details.Currency)
            return [MissingOf(payment, sent)];

        // Who errs in the token sends the right number of it.
        var asked = Amount.Format(payment.State.Terms.Amount, payment.Details.Decimals);
        return [CreatePaymentRequest.AmountIn(rail, asset, new DecimalText(asked))];
    }

    private static BigInteger MissingOf(PaymentRecord payment, BigInteger sent)
    {
        var missing = (payment.State.AcceptedAmount ?? payment.State.Terms.Amount) - sent;
        return missing.Sign > 0
            ? missing
            : throw SandboxRoutes.Invalid("/amount", "required", "Nothing is missing: say how much more to pay.");
    }

    private sealed record Payable(PaymentRecord Payment, BigInteger Sent);
}
