using System.Globalization;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Merchants.Settings;

/// <summary>
/// A change of settings, by the merchant or an operator: what is left out stays. Where a field may be without a value,
/// <c>null</c> takes it away.
/// </summary>
/// <remarks>Setters, and no constructor: only they tell <c>null</c> from a field that is not there.</remarks>
internal sealed record SettingsRequest
{
    private const int HighestTolerance = 1_000;
    private const int LongestLateWindow = 7 * 86_400;
    private const int HostsLimit = 50;
    private const decimal HighestCap = 1_000_000_000m;
    private const int CapDecimals = 18;

    public string? DisplayName { get; set; }

    public string? OrderIdPolicy { get; set; }

    public int? LateWindowSeconds { get; set; }

    public int? ToleranceBasisPoints { get; set; }

    public DecimalText? ToleranceCap
    {
        get;
        set => (field, SetsToleranceCap) = (value, true);
    }

    public IReadOnlyList<string?>? Review { get; set; }

    public IReadOnlyList<string?>? ReturnUrlHosts { get; set; }

    public int? DefaultExpirySeconds { get; set; }

    public IReadOnlyList<RailChange?>? Rails { get; set; }

    // Not public, or it would be a field of the request.
    internal bool SetsToleranceCap { get; private set; }

    /// <summary>The settings with this change.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c> with every field that is wrong.</exception>
    internal MerchantSettings ApplyTo(MerchantSettings before, string environment, RailCatalog catalog)
    {
        var approved = SettingsJson.RailsOf(before, environment, catalog);
        ProblemException.ThrowIfAny(Check(approved));
        return before with
        {
            DisplayName = DisplayName?.Trim() ?? before.DisplayName,
            OneOpenPaymentPerOrder = OrderIdPolicy is null
                ? before.OneOpenPaymentPerOrder
                : OrderIdPolicy == SettingsJson.UniqueOpen,
            LateWindow = Seconds(LateWindowSeconds) ?? before.LateWindow,
            ToleranceBasisPoints = ToleranceBasisPoints ?? before.ToleranceBasisPoints,
            ToleranceCap = SetsToleranceCap ? CapOf(ToleranceCap) : before.ToleranceCap,
            Review = Review is null ? before.Review : PaymentRows.ReviewOf([.. Review.Distinct()!]),
            ReturnUrlHosts = ReturnUrlHosts is null
                ? before.ReturnUrlHosts
                : [.. ReturnUrlHosts.Select(host => HostOf(host)!).Distinct().Order(StringComparer.Ordinal)],
            DefaultExpiry = Seconds(DefaultExpirySeconds) ?? before.DefaultExpiry,
            Rails = Rails is null ? before.Rails : [.. approved.Select(Changed)],
        };
    }

    private IEnumerable<InvalidField?> Check(IReadOnlyList<MerchantRail> approved)
    {
        if (DisplayName is not null)
            yield return TextField.Check("/displayName", DisplayName, MerchantName.Limit, least: 1);
        if (OrderIdPolicy is not (null or SettingsJson.UniqueOpen or SettingsJson.AllowMany))
            yield return new InvalidField("/orderIdPolicy", "unknown_value", "One of unique_open, allow_many.");
        if (LateWindowSeconds is < 0 or > LongestLateWindow)
            yield return OutOfRange("/lateWindowSeconds", $"0 to {LongestLateWindow} seconds.");
        if (ToleranceBasisPoints is < 0 or > HighestTolerance)
            yield return OutOfRange("/toleranceBasisPoints", $"0 to {HighestTolerance}, in hundredths of a percent.");
        if (ToleranceCap is not null && CapOf(ToleranceCap) is null)
        {
            yield return new InvalidField(
                "/toleranceCap", "invalid_format",
                $"Must be a plain decimal number from 0 to {HighestCap}, with {CapDecimals} decimals at most.");
        }

        if (Review?.Any(rule => rule is not ("late" or "overpaid" or "underpaid")) == true)
            yield return new InvalidField("/review", "unknown_value", "Each one of late, overpaid, underpaid.");
        if (ReturnUrlHosts?.Count > HostsLimit)
            yield return new InvalidField("/returnUrlHosts", "too_many", $"Up to {HostsLimit} hosts.");
        foreach (var (index, host) in (ReturnUrlHosts ?? []).Index())
        {
            if (HostOf(host) is null)
                yield return new InvalidField($"/returnUrlHosts/{index}", "invalid_format", "Must be a host name.");
        }

        if (DefaultExpirySeconds is < CreatePaymentRequest.ShortestExpiry or > CreatePaymentRequest.LongestExpiry)
        {
            yield return OutOfRange(
                "/defaultExpirySeconds",
                $"{CreatePaymentRequest.ShortestExpiry} to {CreatePaymentRequest.LongestExpiry} seconds.");
        }

        foreach (var (index, rail) in (Rails ?? []).Index())
        {
            if (!approved.Any(one => one.Network == rail?.Network && one.Currency == rail.Currency))
                yield return new InvalidField($"/rails/{index}", "not_found", "This rail is not approved for you.");
            if (rail?.OwnConfirmations is < 1 or > MerchantRail.MostConfirmations)
                yield return OutOfRange($"/rails/{index}/ownConfirmations", $"1 to {MerchantRail.MostConfirmations}.");
        }
    }

    private static InvalidField OutOfRange(string pointer, string message) => new(pointer, "out_of_range", message);

    private MerchantRail Changed(MerchantRail rail)
    {
        var change = Rails!.LastOrDefault(one => one!.Network == rail.Network && one.Currency == rail.Currency);
        return change is null ? rail : rail with
        {
            Enabled = change.Enabled ?? rail.Enabled,
            OwnConfirmations = change.SetsOwnConfirmations ? change.OwnConfirmations : rail.OwnConfirmations,
        };
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } some ? TimeSpan.FromSeconds(some) : null;

    /// <summary>Null for what is no amount: neither null nor text that is one.</summary>
    private static decimal? CapOf(DecimalText? text) =>
        text is { Text: { Length: <= 30 } number }
            && number.All(c => char.IsAsciiDigit(c) || c == '.')
            && decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cap)
            && cap <= HighestCap && cap.Scale <= CapDecimals
            ? cap
            : null;

    /// <summary>A DNS name as URLs have it, in lower case and Punycode; null for what is none.</summary>
    private static string? HostOf(string? host) =>
        host is { Length: > 0 and <= 253 } && Uri.CheckHostName(host) == UriHostNameType.Dns
            && Uri.TryCreate($"https://{host}", UriKind.Absolute, out var url) && url.AbsolutePath == "/"
            && url.IdnHost.Contains('.', StringComparison.Ordinal)
            ? url.IdnHost
            : null;
}

/// <summary>A switch of one approved rail, and the merchant's own wish for confirmations.</summary>
internal sealed record RailChange
{
    public string? Network { get; set; }

    public string? Currency { get; set; }

    public bool? Enabled { get; set; }

    /// <summary>More than the operator or the rail asks for; null for no wish.</summary>
    public int? OwnConfirmations
    {
        get;
        set => (field, SetsOwnConfirmations) = (value, true);
    }

    internal bool SetsOwnConfirmations { get; private set; }
}
