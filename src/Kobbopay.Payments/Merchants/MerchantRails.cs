using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Payments.Rails;

namespace Kobbopay.Payments.Merchants;

/// <summary>
/// One currency on one network that an operator has approved for a merchant's environment, and what merchant and
/// operator ask of it.
/// </summary>
/// <param name="Enabled">The merchant's switch: off, it takes no new payments.</param>
/// <param name="Confirmations">The operator's policy, in place of the rail's own number; null for that.</param>
/// <param name="OwnConfirmations">The merchant's wish: it may only ask for more.</param>
public sealed record MerchantRail(
    string Network, string Currency, bool Enabled = true, int? Confirmations = null, int? OwnConfirmations = null)
{
    /// <summary>Beyond the blocks that a reorganisation can be followed over, more of them say nothing more.</summary>
    public const int MostConfirmations = ChainCursor.UsualReorgLimit;

    public static IReadOnlyList<MerchantRail>? Read(string? json) => json is null
        ? null
        : JsonSerializer.Deserialize(json, MerchantRailsJson.Default.IReadOnlyListMerchantRail);

    public static byte[] Write(IReadOnlyList<MerchantRail> rails) =>
        JsonSerializer.SerializeToUtf8Bytes(rails, MerchantRailsJson.Default.IReadOnlyListMerchantRail);

    /// <summary>The asset with this merchant's confirmations, for each amount the most of what is asked.</summary>
    public RailAsset ApplyTo(RailAsset asset)
    {
        if (Confirmations is null && OwnConfirmations is null)
            return asset;
        var least = Math.Max(Confirmations ?? asset.RequiredConfirmations, OwnConfirmations ?? 0);
        return asset with
        {
            RequiredConfirmations = least,
            Tiers = [.. asset.Tiers.Select(tier => tier with { Confirmations = Math.Max(tier.Confirmations, least) })],
        };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<MerchantRail>))]
internal sealed partial class MerchantRailsJson : JsonSerializerContext;
