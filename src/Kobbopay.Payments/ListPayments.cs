using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// <c>GET /v1/payments</c>: a merchant's payments, newest first, with their newest transfers, in one round trip.
/// </summary>
public static class ListPayments
{
    public static void MapListPayments(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/payments", HandleAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("listPayments", "List payments, newest first")
            .TakesQuery(PaymentFilter.Names)
            .WithParameter("status", "Only with this status.", PaymentFilter.Statuses)
            .WithParameter("outcome", "Only with this outcome.", PaymentFilter.Outcomes)
            .WithParameter("metadata[]", "Only with all of these pairs, each written metadata[key]=value.")
            .Answers<Page<PaymentJson>>();

    private static async Task<IResult> HandleAsync(
        HttpRequest request,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        RailCatalog rails,
        PaymentRenderer renderer,
        CancellationToken cancellation)
    {
        var query = RequestQuery.Of(request.QueryString, PaymentFilter.Names);
        var range = query.Page(merchant, "payments");
        await using var batch = database.CreateBatch();
        Add(batch, merchant, range, query, rails);
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        var page = range.Of(await PaymentViews.ReadAllAsync(row, cancellation), payment => payment.Details.Id);
        return Results.Json(
            new Page<PaymentJson>([.. page.Data.Select(renderer.Render)], page.HasMore, page.NextCursor),
            PaymentsJson.Relaxed.PaymentPage);
    }

    /// <summary>
    /// First which payments, from an index alone where there is one; then their rows and newest transfers, for those of
    /// the page only. With a rail, each that is left gives its newest, and the newest of all of these are the page.
    /// </summary>
    internal static void Add(
        NpgsqlBatch batch, MerchantIdentity merchant, PageRange range, RequestQuery query, RailCatalog rails)
    {
        var command = batch.CreateBatchCommand();
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        var conditions =
            $"p.merchant_id = $3 and p.environment = $4 and {range.Where("p.id")}"
            + PaymentFilter.AddConditions(command.Parameters, query);
        // The rail leads its order, although it is the same in all of it: that order only its own index has.
        var direction = range.Before is null ? "desc" : "asc";
        var ids = PaymentFilter.AddRails(command.Parameters, query, rails) is { } rail
            ? $"""
              select f.id from {rail} cross join lateral (
                select p.id from payments p where {conditions} and p.network = r.network and p.currency = r.currency
                order by p.network {direction}, p.currency {direction}, p.id {direction} limit $1) f
              {range.OrderAndLimit("f.id")}
              """
            : $"select p.id from payments p where {conditions} {range.OrderAndLimit("p.id")}";
        command.CommandText = $"""
            select {PaymentViews.Columns}
            from ({ids}) page join payments p on p.id = page.id {PaymentViews.Newest}
            {range.OrderAndLimit("p.id")}
            """;
        batch.BatchCommands.Add(command);
    }
}
