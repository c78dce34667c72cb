using System.Globalization;
using System.Numerics;
using Kobbopay.Payments.Domain;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// An asset's limits and confirmations, from the section that has its name: <c>Enabled</c>, <c>Minimum</c> and
/// <c>Maximum</c> in the currency's unit, <c>Confirmations</c>, <c>Tiers:{n}:From</c> with
/// <c>Tiers:{n}:Confirmations</c> for more of them from an amount on, and <c>Finalized</c>.
/// </summary>
internal static class RailConfiguration
{
    private const int DefaultConfirmations = 3;
    private const string DefaultMaximum = "1000000";

    /// <exception cref="InvalidOperationException">A value that is no amount or no number of blocks.</exception>
    public static RailAsset Asset(IConfigurationSection section, string? contract, int decimals)
    {
        var tiers =
            from tier in section.GetSection("Tiers").GetChildren()
            let step = new ConfirmationTier(
                Units(tier, "From", decimals, whenAbsent: null), Confirmations(tier, whenAbsent: null))
            orderby step.From
            select step;
        var asset = new RailAsset(
            section.Key,
            contract,
            decimals,
            section["Minimum"] is null ? BigInteger.One : Units(section, "Minimum", decimals, whenAbsent: null),
            Units(section, "Maximum", decimals, DefaultMaximum),
            Confirmations(section, DefaultConfirmations),
            [.. tiers],
            section.GetValue("Enabled", defaultValue: true),
            section.GetValue("Finalized", defaultValue: false));
        return asset.Minimum <= asset.Maximum
            ? asset
            : throw new InvalidOperationException($"{section.Path}: Minimum is above Maximum");
    }

    private static BigInteger Units(IConfigurationSection section, string name, int decimals, string? whenAbsent) =>
        Amount.TryParse(section[name] ?? whenAbsent ?? string.Empty, decimals, out var units) == AmountError.None
            ? units
            : throw new InvalidOperationException(
                $"{section.Path}:{name} must be an amount above zero with {decimals} decimals at most");

    private static int Confirmations(IConfigurationSection section, int? whenAbsent) =>
        int.TryParse(section["Confirmations"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0
            ? number
            : section["Confirmations"] is null && whenAbsent is { } standard
                ? standard
                : throw new InvalidOperationException($"{section.Path}:Confirmations must be a number above zero");
}
