using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments;

/// <summary>It has no fields: what is canceled is in the path.</summary>
public sealed record CancelRequest;

/// <summary>
/// <c>POST /v1/payments/{payment_id}/cancel</c>: the end of a payment that nobody has paid anything of. One that has
/// money already is left to end, or resolved.
/// </summary>
public static class CancelPayment
{
    public static void MapCancelPayment(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/payments/{paymentId}/cancel", HandleAsync).RequireMerchant(Scopes.PaymentsWrite)
            .Describe("cancelPayment", "Cancel a payment that nothing was paid of")
            .Refuses(ProblemCodes.PaymentNotCancelable)
            .MayTake<CancelRequest>()
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
        var body = await JsonBody.ReadOrDefaultAsync(
            http, PaymentsJson.Relaxed.CancelRequest, new CancelRequest(), cancellation);
        var cancel = new PaymentInput.Cancel(Id.Format(Id.ApiKey, merchant.KeyId));
        await answers.AnswerAsync(
            http,
            merchant,
            body.Bytes,
            PaymentsJson.Relaxed.PaymentJson,
            answer => store.ChangeAsync(
                merchant,
                paymentId,
                cancel,
                (batch, payment) =>
                {
                    answer(batch, payment);
                    audit.Add(batch, http, merchant, "payment.canceled", paymentId);
                },
                cancellation),
            cancellation);
    }
}
