using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>A transfer in the list of all that a payment ever had.</summary>
/// <param name="Canonical">False: its block has left the chain, and it does not count.</param>
public sealed record ListedTransferJson(
    string Id,
    string TxHash,
    string Amount,
    long BlockNumber,
    string BlockHash,
    int Confirmations,
    bool OnTime,
    bool Canonical);

/// <summary>
/// <c>GET /v1/payments/{payment_id}/transfers</c>: newest first, those included that the chain has dropped.
/// </summary>
public static class ReadTransfers
{
    public static void MapReadTransfers(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/payments/{paymentId}/transfers", HandleAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("listPaymentTransfers", "List the transfers of a payment, newest first")
            .TakesQuery(RequestQuery.PageNames)
            .Answers<Page<ListedTransferJson>>();

    private static async Task<IResult> HandleAsync(
        string paymentId,
        HttpRequest request,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var query = RequestQuery.Of(request.QueryString, RequestQuery.PageNames);
        var id = ReadPayments.ParseId(paymentId);
        var range = query.Page(merchant, $"transfers/{id}");
        await using var command = CommandOf(database, merchant, id, range);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw ReadPayments.NotFound();

        var transfers = new List<(Guid Id, ListedTransferJson Json)>();
        if (!row.IsDBNull(0))
        {
            do
                transfers.Add(Read(row));
            while (await row.ReadAsync(cancellation));
        }

        var page = range.Of(transfers, transfer => transfer.Id);
        return Results.Json(
            new Page<ListedTransferJson>(
                [.. page.Data.Select(transfer => transfer.Json)], page.HasMore, page.NextCursor),
            PaymentsJson.Relaxed.TransferPage);
    }

    /// <summary>The payment first: one without transfers and somebody else's are two different answers.</summary>
    internal static NpgsqlCommand CommandOf(
        NpgsqlDataSource database, MerchantIdentity merchant, Guid paymentId, PageRange range)
    {
        var command = database.CreateCommand(
            $"""
            select {PaymentRows.TransferColumns}, t.canonical, p.head, p.required_confirmations, p.expires_at,
              p.decimals
            from payments p left join lateral (
              select {PaymentRows.TransferColumns}, t.canonical from transfers t
              where t.payment_id = p.id and {range.Where("t.id")} {range.OrderAndLimit("t.id")}) t on true
            where p.id = $5 and p.merchant_id is not distinct from $3 and p.environment is not distinct from $4
            {range.OrderAndLimit("t.id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddId(paymentId);
        return command;
    }

    private static (Guid Id, ListedTransferJson Json) Read(NpgsqlDataReader row)
    {
        var (_, transfer) = PaymentRows.ReadTransfer(row);
        var canonical = row.GetBoolean(7);
        var json = new ListedTransferJson(
            Id.Format(Id.Transfer, transfer.Id),
            transfer.TxHash,
            Amount.Format(transfer.Amount, row.GetInt16(11)),
            transfer.BlockNumber,
            transfer.BlockHash,
            canonical ? Math.Min(transfer.ConfirmationsAt(row.GetInt64(8)), row.GetInt32(9)) : 0,
            transfer.FirstBlockTime <= PaymentRows.Time(row, 10),
            canonical);
        return (transfer.Id, json);
    }
}
