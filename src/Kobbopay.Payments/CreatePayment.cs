using System.Security.Cryptography;
using Kobbopay.Durability;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Sandbox;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments;

/// <summary><c>POST /v1/payments</c> (contracts.md, section 2): one statement when all is well.</summary>
public static class CreatePayment
{
    private const string OrderReplayedHeader = "Order-Replayed";

    /// <summary>
    /// Settings may change and an order may be released while a payment is drafted; after this many drafts something
    /// else is wrong.
    /// </summary>
    private const int Attempts = 3;

    public static void MapCreatePayment(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/payments", HandleAsync).RequireMerchant(Scopes.PaymentsWrite)
            .Describe("createPayment", "Create a payment")
            .Refuses(
                ProblemCodes.UnsupportedRail, ProblemCodes.AmountOutOfRange, ProblemCodes.TooManyDecimals,
                ProblemCodes.OrderHasOpenPayment, ProblemCodes.OrderAlreadyPaid, ProblemCodes.WrongEnvironment)
            .Takes<CreatePaymentRequest>("amount", "currency", "network", "orderId")
            .Answers<PaymentJson>()
            .Answers<PaymentJson>(StatusCodes.Status201Created);

    private static async Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        PaymentFactory factory,
        PaymentStore store,
        Idempotency idempotency,
        Signal<ScenarioPlayer> scenarios,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, PaymentsJson.Relaxed.CreatePaymentRequest, cancellation);
        var claim = Idempotency.ClaimOf(http, body.Bytes);
        var created = await idempotency.RunAloneAsync(
            merchant,
            claim,
            () => CreateAsync(merchant, body.Value, claim, factory, store, cancellation),
            cancellation);
        if (body.Value.Scenario is not null)
            scenarios.Set();
        if (created.OrderReplayed)
            http.Response.Headers[OrderReplayedHeader] = "true";
        await created.Answer.WriteAsync(http.Response, cancellation);
    }

    private static async Task<CreateResult> CreateAsync(
        MerchantIdentity merchant,
        CreatePaymentRequest request,
        IdempotencyClaim? claim,
        PaymentFactory factory,
        PaymentStore store,
        CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // A used key answers with what was, even when the same request would be refused today.
            var (draft, refusal) = await factory.TryMakeAsync(merchant, request, cancellation);
            if (draft is null)
                return await store.FindReplayAsync(merchant, claim, cancellation) ?? throw refusal!;

            try
            {
                var answer = await store.CreateAsync(merchant, draft, claim, cancellation);
                if (answer is null or { Answer.Replayed: true } or { OrderReplayed: true })
                    factory.Discard(draft);
                if (answer is not null)
                    return answer;
                await factory.ForgetAsync(merchant, draft, cancellation);
            }
            catch (ProblemException)
            {
                factory.Discard(draft);
                throw;
            }
        }

        throw new InvalidOperationException("A payment could neither be created nor found");
    }
}

/// <summary>A new payment, complete but for being stored.</summary>
/// <param name="Delayed">Its chain is delayed.</param>
/// <param name="Scenario">The script that plays against it in the sandbox.</param>
internal sealed record PaymentDraft(
    PaymentDetails Details,
    PaymentEvent Created,
    MerchantSettings Merchant,
    AddressIndex AddressIndex,
    bool Delayed,
    string? Scenario);

/// <summary>What a creation answers: a new payment's bytes, or those of the one that stands in its place.</summary>
public sealed record CreateResult(StoredAnswer Answer, bool OrderReplayed = false);

/// <summary>Turns a valid request into a payment: policies copied, address derived, token drawn.</summary>
public sealed class PaymentFactory(
    MerchantDirectory merchants,
    RailCatalog rails,
    AddressIndexes addresses,
    DelayedChains delayedChains,
    WebhookUrls webhookUrls,
    TimeProvider clock)
{
    private const int TokenBytes = 20;

    internal async ValueTask<(PaymentDraft? Draft, ProblemException? Refusal)> TryMakeAsync(
        MerchantIdentity identity, CreatePaymentRequest request, CancellationToken cancellation)
    {
        try
        {
            return (await MakeAsync(identity, request, cancellation), null);
        }
        catch (ProblemException refusal)
        {
            return (null, refusal);
        }
    }

    /// <summary>The creation ended for certain without this payment: its address is free for the next.</summary>
    internal void Discard(PaymentDraft draft) => addresses.Return(draft.AddressIndex);

    /// <summary>The next draft is made with the settings and the chain's delay as they are then.</summary>
    internal async Task ForgetAsync(MerchantIdentity merchant, PaymentDraft draft, CancellationToken cancellation)
    {
        merchants.Forget(merchant.MerchantId, merchant.Environment);
        await delayedChains.RefreshAsync(draft.Details.Chain, cancellation);
    }

    private async ValueTask<PaymentDraft> MakeAsync(
        MerchantIdentity identity, CreatePaymentRequest request, CancellationToken cancellation)
    {
        var merchant = await merchants.GetAsync(identity.MerchantId, identity.Environment, cancellation);
        var (rail, asset, amount) = request.Validate(identity.Environment, merchant, rails);
        if (request.WebhookUrl is { } webhookUrl)
            await webhookUrls.RequireUsableAsync(identity, webhookUrl, cancellation);
        var payee = new Payee(
            identity.MerchantId, identity.Environment, merchant.Xpubs.GetValueOrDefault(rail.Network));
        var index = await addresses.TakeAsync(rail.AddressSeriesOf(payee), cancellation);
        var address = rail.AddressAt(payee, index.Index);
        var now = clock.Now();

        var details = new PaymentDetails
        {
            // Of the very time it is created at, which lists rely on (PaymentFilter.FirstIdOf).
            Id = Contracts.Id.New(now),
            MerchantId = identity.MerchantId,
            Environment = identity.Environment,
            Currency = asset.Currency,
            Network = rail.Network,
            Chain = rail.ChainOf(identity.MerchantId, identity.Environment),
            Contract = asset.Contract,
            Decimals = asset.Decimals,
            OrderId = request.OrderId!,
            Description = request.Description,
            Metadata = request.Metadata ?? new Dictionary<string, string>(StringComparer.Ordinal),
            ReturnUrl = request.ReturnUrl,
            WebhookUrl = request.WebhookUrl,
            DepositAddress = address.Address,
            AddressPath = address.Path,
            XpubFingerprint = address.XpubFingerprint,
            PaymentUri = rail.PaymentUri(asset, address.Address, amount),
            PublicToken = $"pst_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes))}",
        };
        var terms = new PaymentTerms
        {
            Amount = amount,
            Tolerance = PaymentTerms.ToleranceOf(
                amount, merchant.ToleranceBasisPoints, asset.ToUnits(merchant.ToleranceCap) ?? amount),
            RequiredConfirmations = asset.ConfirmationsFor(amount),
            NeedsFinality = asset.NeedsFinality,
            LateWindow = merchant.LateWindow,
            Review = merchant.Review,
            CreatedAt = now,
            ExpiresAt =
                now + (rail.HasSandboxClock ? merchant.ClockOffset : TimeSpan.Zero) + request.ExpiryFor(merchant),
        };
        return new PaymentDraft(
            details,
            PaymentLifecycle.Create(terms),
            merchant,
            index,
            delayedChains.Contains(details.Chain),
            request.Scenario);
    }
}
