using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments;

/// <param name="Action"><c>accept</c>: what came is enough. <c>dismiss</c>: it is not, and has been dealt with.</param>
/// <param name="Reason">For the timeline.</param>
public sealed record ResolveRequest(string? Action, string? Reason)
{
    /// <exception cref="ProblemException"><c>invalid_request</c> with a pointer to each invalid field.</exception>
    public ResolutionAction Validate()
    {
        var (action, error) = Action switch
        {
            "accept" => (ResolutionAction.Accept, null),
            "dismiss" => (ResolutionAction.Dismiss, null),
            null => (default, new InvalidField("/action", "required", "This field is required.")),
            _ => (default(ResolutionAction), new InvalidField("/action", "unknown_value", "One of accept, dismiss.")),
        };
        ProblemException.ThrowIfAny([error, ReasonText.ErrorOf(Reason)]);
        return action;
    }
}

/// <summary>
/// <c>POST /v1/payments/{payment_id}/resolve</c>: a person's decision about money that the rules leave open.
/// </summary>
public static class ResolvePayment
{
    public static void MapResolvePayment(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/payments/{paymentId}/resolve", HandleAsync).RequireMerchant(Scopes.PaymentsWrite)
            .Describe("resolvePayment", "Decide about money that the rules leave open")
            .Refuses(ProblemCodes.PaymentNotResolvable)
            .Takes<ResolveRequest>("action", "reason")
            .Answers<PaymentJson>();

    private static async Task HandleAsync(
        HttpContext http,
        string paymentId,
        MerchantIdentity merchant,
        PaymentStore store,
        StoredAnswers answers,
        AuditTrail audit,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, PaymentsJson.Relaxed.ResolveRequest, cancellation);
        var action = body.Value.Validate();
        var resolve = new PaymentInput.Resolve(
            new Resolution(action, Id.Format(Id.ApiKey, merchant.KeyId), body.Value.Reason!));
        await answers.AnswerAsync(
            http,
            merchant,
            body.Bytes,
            PaymentsJson.Relaxed.PaymentJson,
            answer => store.ChangeAsync(
                merchant,
                paymentId,
                resolve,
                (batch, payment) =>
                {
                    answer(batch, payment);
                    audit.Add(batch, http, merchant, "payment.resolved", paymentId, new JsonObject
                    {
                        ["action"] = body.Value.Action,
                        ["reason"] = body.Value.Reason,
                    });
                },
                cancellation),
            cancellation);
    }
}
