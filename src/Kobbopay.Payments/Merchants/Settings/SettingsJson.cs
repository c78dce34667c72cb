using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Payments.Rails;

namespace Kobbopay.Payments.Merchants.Settings;

/// <summary>A merchant's policies in one environment; each payment keeps those of its creation.</summary>
/// <param name="OrderIdPolicy"><c>unique_open</c> or <c>allow_many</c>.</param>
/// <param name="LateWindowSeconds">How long after expiry money still pays; 0 for never.</param>
/// <param name="ToleranceBasisPoints">How much may be missing, in hundredths of a percent.</param>
/// <param name="ToleranceCap">And never more than this, in the currency's unit; null for no cap.</param>
/// <param name="Review">Outcomes that a person looks at before the goods leave: <c>late</c>, <c>overpaid</c>,
/// <c>underpaid</c>.</param>
/// <param name="Rails">Those that are approved, switched on or off.</param>
internal sealed record SettingsJson(
    string DisplayName,
    string OrderIdPolicy,
    int LateWindowSeconds,
    int ToleranceBasisPoints,
    string? ToleranceCap,
    IReadOnlyList<string> Review,
    IReadOnlyList<string> ReturnUrlHosts,
    int DefaultExpirySeconds,
    IReadOnlyList<RailSettingJson> Rails)
{
    public const string UniqueOpen = "unique_open";
    public const string AllowMany = "allow_many";

    public static SettingsJson Of(MerchantSettings settings, string environment, RailCatalog rails) => new(
        settings.DisplayName,
        settings.OneOpenPaymentPerOrder ? UniqueOpen : AllowMany,
        (int)settings.LateWindow.TotalSeconds,
        settings.ToleranceBasisPoints,
        settings.ToleranceCap?.ToString("0.##################", CultureInfo.InvariantCulture),
        PaymentRows.NamesOf(settings.Review),
        settings.ReturnUrlHosts,
        (int)settings.DefaultExpiry.TotalSeconds,
        [.. RailsOf(settings, environment, rails).Select(rail => RailSettingJson.Of(rail, environment, rails))]);

    /// <summary>What is approved, or all of the installation where nobody has said.</summary>
    public static IReadOnlyList<MerchantRail> RailsOf(
        MerchantSettings settings, string environment, RailCatalog rails) =>
        settings.Rails
            ?? [.. rails.Enabled(environment).Select(one => new MerchantRail(one.Rail.Network, one.Asset.Currency))];

    /// <summary>What an audit entry tells of a change: each field that is another now.</summary>
    public static JsonObject DifferenceOf(SettingsJson before, SettingsJson after)
    {
        var (was, now) = (AsObject(before), AsObject(after));
        var difference = new JsonObject();
        foreach (var (name, value) in now)
        {
            if (!JsonNode.DeepEquals(value, was[name]))
                difference[name] = new JsonObject { ["from"] = was[name]?.DeepClone(), ["to"] = value?.DeepClone() };
        }

        return difference;
    }

    private static JsonObject AsObject(SettingsJson settings) =>
        JsonSerializer.SerializeToNode(settings, AccountJson.Default.SettingsJson)!.AsObject();
}

/// <param name="RequiredConfirmations">What a payment of an ordinary amount needs.</param>
/// <param name="OwnConfirmations">What the merchant has asked for beyond that; null for nothing.</param>
internal sealed record RailSettingJson(
    string Network, string Currency, bool Enabled, int? RequiredConfirmations, int? OwnConfirmations)
{
    public static RailSettingJson Of(MerchantRail rail, string environment, RailCatalog rails) => new(
        rail.Network,
        rail.Currency,
        rail.Enabled,
        rails.Find(environment, rail.Network, rail.Currency) is { } found
            ? rail.ApplyTo(found.Asset).RequiredConfirmations
            : null,
        rail.OwnConfirmations);
}
