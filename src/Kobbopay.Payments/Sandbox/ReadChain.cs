using System.Numerics;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments.Sandbox;

public sealed record SandboxBlockJson(
    long Number, string Hash, string ParentHash, DateTimeOffset Time, int TransferCount);

/// <param name="BlockNumber">Null while no block holds it.</param>
/// <param name="PaymentId">Whose address it went to; null for an address of nobody.</param>
public sealed record SandboxTransferJson(
    string TxHash,
    int? LogIndex,
    long? BlockNumber,
    string? BlockHash,
    string? Contract,
    string? Currency,
    string Amount,
    string Address,
    [property: JsonPropertyName("payment_id")] string? PaymentId);

/// <summary>
/// <c>GET /v1/sandbox/networks/{network}/blocks</c> and <c>.../transfers</c>: the caller's own chain as it stands,
/// newest first. Neither has a UUID, so a page's cursor holds their number in the place of one.
/// </summary>
public static class ReadChain
{
    public static void MapReadChain(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/sandbox/networks/{network}/blocks", ReadBlocksAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("listSandboxBlocks", "List the blocks of your sandbox chain, newest first")
            .Answers<Page<SandboxBlockJson>>();
        app.MapGet("/v1/sandbox/networks/{network}/transfers", ReadTransfersAsync)
            .RequireMerchant(Scopes.Sandbox, testOnly: true)
            .Describe("listSandboxTransfers", "List the transfers of your sandbox chain, newest first")
            .Answers<Page<SandboxTransferJson>>();
    }

    private static async Task<IResult> ReadBlocksAsync(
        string network,
        [AsParameters] PageQuery query,
        MerchantIdentity merchant,
        RailCatalog rails,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "sandbox-blocks");
        await using var command = database.CreateCommand(
            $"""
            select b.number, b.hash, b.parent_hash, b.time,
              (select count(*) from simulator_transfers t where t.chain = b.chain and t.block_number = b.number)
            from simulator_blocks b where b.chain = $3 and {Where(range, "b.number")}
            {range.OrderAndLimit("b.number")}
            """);
        AddParameters(command.Parameters, range, SandboxRoutes.ChainOf(network, merchant, rails));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var blocks = await row.ReadAllAsync(
            block => new SandboxBlockJson(
                block.GetInt64(0), block.GetString(1), block.GetString(2), PaymentRows.Time(block, 3),
                (int)block.GetInt64(4)),
            cancellation);
        return Results.Json(range.Of(blocks, block => ToGuid(block.Number)), SandboxJson.Default.BlockPage);
    }

    private static async Task<IResult> ReadTransfersAsync(
        string network,
        [AsParameters] PageQuery query,
        MerchantIdentity merchant,
        RailCatalog rails,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "sandbox-transfers");
        await using var command = database.CreateCommand(
            $"""
            select t.id, t.tx_hash, t.log_index, t.block_number, b.hash, t.contract, t.amount, t.recipient, p.id
            from simulator_transfers t
            left join simulator_blocks b on b.chain = t.chain and b.number = t.block_number
            left join payments p on p.chain = t.chain and p.deposit_address = t.recipient
            where t.chain = $3 and {Where(range, "t.id")}
            {range.OrderAndLimit("t.id")}
            """);
        AddParameters(command.Parameters, range, SandboxRoutes.ChainOf(network, merchant, rails));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var transfers = await row.ReadAllAsync(
            transfer => (Id: transfer.GetInt64(0), Json: ReadTransfer(transfer, rails.Of(network))), cancellation);
        var page = range.Of(transfers, transfer => ToGuid(transfer.Id));
        return Results.Json(
            new Page<SandboxTransferJson>(
                [.. page.Data.Select(transfer => transfer.Json)], page.HasMore, page.NextCursor),
            SandboxJson.Default.TransferPage);
    }

    private static SandboxTransferJson ReadTransfer(NpgsqlDataReader row, IRail rail)
    {
        var contract = PaymentRows.TextOrNull(row, 5);
        var asset = rail.Assets.FirstOrDefault(asset => asset.Contract == contract);
        return new SandboxTransferJson(
            row.GetString(1),
            row.IsDBNull(2) ? null : row.GetInt32(2),
            row.IsDBNull(3) ? null : row.GetInt64(3),
            PaymentRows.TextOrNull(row, 4),
            contract,
            asset?.Currency,
            Amount.Format(row.GetFieldValue<BigInteger>(6), asset?.Decimals ?? 0),
            row.GetString(7),
            row.IsDBNull(8) ? null : Id.Format(Id.Payment, row.GetGuid(8)));
    }

    private static string Where(PageRange range, string number) =>
        range.Before is null ? $"($2::bigint is null or {number} < $2)" : $"{number} > $2";

    private static void AddParameters(NpgsqlParameterCollection parameters, PageRange range, string chain)
    {
        parameters.AddInteger(range.Fetch);
        parameters.AddNullable(range.Cursor is { } cursor ? ToNumber(cursor) : null, NpgsqlDbType.Bigint);
        parameters.AddText(chain);
    }

    private static Guid ToGuid(long number)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes[8..], number);
        return new Guid(bytes, bigEndian: true);
    }

    private static long ToNumber(Guid cursor) =>
        System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(cursor.ToByteArray(bigEndian: true).AsSpan(8));
}
