using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

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

    /// <summary>Somebody else's payment is no different from none.</summary>
    internal static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such payment.");

    /// <exception cref="ProblemException"><c>not_found</c>: what is no id is nobody's.</exception>
    internal static Guid ParseId(string paymentId) =>
        Id.TryParse(Id.Payment, paymentId, out var id) ? id : throw NotFound();

    internal static NpgsqlCommand ById(NpgsqlDataSource database, MerchantIdentity merchant, Guid paymentId)
    {
        var command = database.CreateCommand(
            $"""
            select {PaymentViews.Columns} from payments p {PaymentViews.Newest}
            where p.id = $1 and p.merchant_id = $2 and p.environment = $3
            """);
        command.Parameters.AddId(paymentId);
        command.Parameters.AddOwner(merchant);
        return command;
    }

    internal static NpgsqlCommand ByToken(NpgsqlDataSource database, string publicToken)
    {
        var command = database.CreateCommand(
            $"select {PaymentViews.Columns} from payments p {PaymentViews.Newest} where p.public_token = $1");
        command.Parameters.AddText(publicToken);
        return command;
    }

    private static async Task<IResult> ReadAsync(
        string paymentId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        PaymentRenderer renderer,
        CancellationToken cancellation)
    {
        await using var command = ById(database, merchant, ParseId(paymentId));
        var payment = await PaymentViews.FindAsync(command, cancellation) ?? throw NotFound();
        // With its length and in one write: half of the cost of a read is to send it.
        return Results.Bytes(
            JsonSerializer.SerializeToUtf8Bytes(renderer.Render(payment), PaymentsJson.Relaxed.PaymentJson),
            "application/json");
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
