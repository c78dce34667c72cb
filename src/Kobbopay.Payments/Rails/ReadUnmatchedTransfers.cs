using System.Numerics;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments.Rails;

/// <summary>Money at one of the merchant's addresses that counts for no payment.</summary>
/// <param name="Currency">Null for a token that is none of the network's assets.</param>
/// <param name="Amount">A decimal string; base units where <paramref name="Decimals"/> is null.</param>
/// <param name="Reason"><c>wrong_token</c>, <c>wrong_network</c>, <c>zero_value</c>, <c>second_payment</c> or
/// <c>closed_payment</c>.</param>
/// <param name="PaymentId">The payment that the address belongs to.</param>
/// <param name="Canonical">False: its block has left the chain.</param>
public sealed record UnmatchedTransferJson(
    string Id,
    string Network,
    string? Currency,
    string? Contract,
    string Amount,
    int? Decimals,
    string TxHash,
    long BlockNumber,
    string BlockHash,
    DateTimeOffset BlockTime,
    string Address,
    string Reason,
    [property: JsonPropertyName("payment_id")] string PaymentId,
    bool Canonical);

/// <summary><c>GET /v1/unmatched-transfers</c>: newest first.</summary>
public static class ReadUnmatchedTransfers
{
    private static readonly string[] Names = [.. RequestQuery.PageNames, "network", "payment_id", "reason"];

    public static void MapReadUnmatchedTransfers(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/unmatched-transfers", HandleAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("listUnmatchedTransfers", "List money that counts for no payment, newest first")
            .TakesQuery(Names)
            .WithParameter("reason", "Only for this reason.", UnmatchedReasons.All)
            .Answers<Page<UnmatchedTransferJson>>();

    private static async Task<IResult> HandleAsync(
        HttpRequest request,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        RailCatalog rails,
        CancellationToken cancellation)
    {
        var query = RequestQuery.Of(request.QueryString, Names);
        var range = query.Page(merchant, "unmatched-transfers");
        await using var command = CommandOf(database, merchant, range, query, rails);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var rows = await row.ReadAllAsync(row => (Id: row.GetGuid(0), Json: Read(row)), cancellation);
        var page = range.Of(rows, transfer => transfer.Id);
        return Results.Json(
            new Page<UnmatchedTransferJson>(
                [.. page.Data.Select(transfer => transfer.Json)], page.HasMore, page.NextCursor),
            PaymentsJson.Relaxed.UnmatchedPage);
    }

    internal static NpgsqlCommand CommandOf(
        NpgsqlDataSource database, MerchantIdentity merchant, PageRange range, RequestQuery query, RailCatalog rails)
    {
        var network = query.OneOf("network", [.. rails.All.Select(rail => rail.Network)]);
        var payment = query.IdOf("payment_id", Id.Payment);
        var reason = query.OneOf("reason", UnmatchedReasons.All);
        var command = database.CreateCommand(
            $"""
            select u.id, u.network, u.currency, u.contract, u.amount, u.decimals, u.tx_hash, u.block_number,
              u.block_hash, u.block_time, u.recipient, u.reason, u.payment_id, u.canonical
            from unmatched_transfers u
            where u.merchant_id = $3 and u.environment = $4 and {range.Where("u.id")}
              and {(network is null ? "$5::text is null" : "u.network = $5")}
              and {(payment is null ? "$6::uuid is null" : "u.payment_id = $6")}
              and {(reason is null ? "$7::text is null" : "u.reason = $7")}
            {range.OrderAndLimit("u.id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddText(network);
        command.Parameters.AddNullable(payment, NpgsqlDbType.Uuid);
        command.Parameters.AddText(reason);
        return command;
    }

    private static UnmatchedTransferJson Read(NpgsqlDataReader row)
    {
        var amount = row.GetFieldValue<BigInteger>(4);
        int? decimals = row.IsDBNull(5) ? null : row.GetInt16(5);
        return new UnmatchedTransferJson(
            Id.Format(Id.Transfer, row.GetGuid(0)),
            row.GetString(1),
            PaymentRows.TextOrNull(row, 2),
            row.GetString(3) is { Length: > 0 } contract ? contract : null,
            Amount.Format(amount, decimals ?? 0),
            decimals,
            row.GetString(6),
            row.GetInt64(7),
            row.GetString(8),
            PaymentRows.Time(row, 9),
            row.GetString(10),
            row.GetString(11),
            Id.Format(Id.Payment, row.GetGuid(12)),
            row.GetBoolean(13));
    }
}
