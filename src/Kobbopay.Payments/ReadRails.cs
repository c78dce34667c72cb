using System.Text.Json.Serialization;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments;

/// <summary>One currency on one network that payments can be made for now; amounts are decimal strings.</summary>
/// <param name="Kind"><c>simulator</c> or <c>evm</c>.</param>
/// <param name="Contract">The token's contract; null for what has none.</param>
/// <param name="ChainId">The network's number among EVM networks; null elsewhere.</param>
/// <param name="Experimental">Not yet run against a real node of this network.</param>
public sealed record RailJson(
    string Network,
    string NetworkName,
    string Currency,
    string Kind,
    string? Contract,
    int Decimals,
    string Minimum,
    string Maximum,
    int RequiredConfirmations,
    long? ChainId,
    string Status,
    bool Experimental);

/// <summary><c>GET /v1/rails</c> (contracts.md, section 2): what is enabled in the key's environment.</summary>
public static class ReadRails
{
    public static void MapReadRails(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/rails", ReadAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("listRails", "List the currencies and networks that payments can be made for")
            .Answers<RailList>();

    private static async Task<IResult> ReadAsync(
        MerchantIdentity merchant, RailCatalog rails, MerchantDirectory merchants, CancellationToken cancellation)
    {
        var settings = await merchants.GetAsync(merchant.MerchantId, merchant.Environment, cancellation);
        var enabled = rails.Enabled(merchant.Environment, settings);
        return Results.Json(
            new RailList([.. enabled.Select(one => Of(one.Rail, one.Asset))]), RailsJson.Default.RailList);
    }

    private static RailJson Of(IRail rail, RailAsset asset) => new(
        rail.Network,
        rail.NetworkName,
        asset.Currency,
        rail.Kind,
        asset.Contract,
        asset.Decimals,
        Amount.Format(asset.Minimum, asset.Decimals),
        Amount.Format(asset.Maximum, asset.Decimals),
        asset.RequiredConfirmations,
        rail.ChainId,
        "enabled",
        rail.Experimental);
}

internal sealed record RailList(IReadOnlyList<RailJson> Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RailList))]
internal sealed partial class RailsJson : JsonSerializerContext;
