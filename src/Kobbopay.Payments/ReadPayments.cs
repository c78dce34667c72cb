using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments;

/// <summary><c>GET /v1/payments/{payment_id}</c>, and the payer's view of one for PublicStatus.</summary>
public static class ReadPayments
{
    public static void MapReadPayments(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/payments/{paymentId}", ReadAsync).RequireMerchant(Scopes.PaymentsRead);
        app.MapGet($"{InternalApi.PublicPayments}/{{token}}", ReadPublicAsync).RequireService(
            ResourceNames.PublicStatus);
    }

    private static async Task<IResult> ReadAsync(
        string paymentId,
        MerchantIdentity merchant,
        PaymentStore store,
        PaymentRenderer renderer,
        CancellationToken cancellation)
    {
        var payment = Id.TryParse(Id.Payment, paymentId, out var id)
            ? await store.FindAsync(merchant.MerchantId, merchant.Environment, id, cancellation)
            : null;
        return payment is null
            ? throw new ProblemException(ProblemCodes.NotFound, "There is no such payment.")
            : Results.Json(
                renderer.Render(payment.Details, payment.State, payment.Delayed), PaymentsJson.Relaxed.PaymentJson);
    }

    private static async Task<IResult> ReadPublicAsync(
        string token,
        PaymentStore store,
        PaymentRenderer renderer,
        Merchants.MerchantDirectory merchants,
        CancellationToken cancellation)
    {
        if (await store.FindByTokenAsync(token, cancellation) is not { } payment)
            return Results.NotFound();

        var merchant = await merchants.GetAsync(payment.Details.MerchantId, payment.Details.Environment, cancellation);
        var view = renderer.RenderPublic(
            payment.Details, payment.State, payment.Progress, payment.Delayed, merchant.DisplayName);
        return Results.Json(view, ContractsJson.Default.PublicPayment);
    }
}
