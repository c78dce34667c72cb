using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary><c>GET /v1/payments/{payment_id}</c>, and the payer's view of one for PublicStatus.</summary>
public static class ReadPayments
{
    public static void MapReadPayments(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/payments/{paymentId}", ReadAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("getPayment", "Read a payment")
            .Answers<PaymentJson>();
        app.MapGet($"{InternalApi.PublicPayments}/{{token}}", ReadPublicAsync).RequireService(
            ResourceNames.PublicStatus);
    }

    /// <summary>Somebody else's payment is no different from none.</summary>
    internal static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such payment.");

    /// <exception cref="ProblemException"><c>not_found</c>: what is no id is nobody's.</exception>
    internal static Guid ParseId(string paymentId) =>
        Id.TryParse(Id.Payment, paymentId, out var id) ? id : throw NotFound();

    internal static NpgsqlCommand ByToken(NpgsqlDataSource database, string publicToken)
    {
        var command = database.CreateCommand(
            $"select {PaymentViews.Columns} from payments p {PaymentViews.Newest} where p.public_token = $1");
        command.Parameters.AddText(publicToken);
        return command;
    }

    private static async Task ReadAsync(
        HttpContext http,
        string paymentId,
        MerchantIdentity merchant,
        PaymentReads payments,
        PaymentRenderer renderer,
        CancellationToken cancellation)
    {
        var payment = await payments.FindAsync(merchant, ParseId(paymentId), cancellation) ?? throw NotFound();
        // With its length and in one write: half of the cost of a read is to send it.
        var body = JsonSerializer.SerializeToUtf8Bytes(renderer.Render(payment), PaymentsJson.Relaxed.PaymentJson);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, cancellation);
    }

    private static async Task<IResult> ReadPublicAsync(
        string token,
        NpgsqlDataSource database,
        PaymentRenderer renderer,
        Merchants.MerchantDirectory merchants,
        CancellationToken cancellation)
    {
        await using var command = ByToken(database, token);
        if (await PaymentViews.FindAsync(command, cancellation) is not { } payment)
            return Results.NotFound();

        var merchant = await merchants.GetAsync(payment.Details.MerchantId, payment.Details.Environment, cancellation);
        return Results.Json(
            renderer.RenderPublic(payment, merchant.DisplayName), ContractsJson.Default.PublicPayment);
    }
}
