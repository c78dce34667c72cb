using Kobbopay.Payments.Merchants;

namespace Kobbopay.Payments.Rails;

/// <summary>The rails of this installation, by network and currency.</summary>
public sealed class RailCatalog(IEnumerable<IRail> rails)
{
    private readonly IReadOnlyList<IRail> _rails = [.. rails];

    public IEnumerable<IRail> All => _rails;

    /// <summary>What takes payments in an environment.</summary>
    public IEnumerable<(IRail Rail, RailAsset Asset)> Enabled(string environment) =>
        from rail in _rails
        where rail.Environment == environment
        from asset in rail.Assets
        where asset.Enabled
        select (rail, asset);

    /// <summary>What takes a merchant's payments now, with the confirmations that they are asked to have.</summary>
    public IEnumerable<(IRail Rail, RailAsset Asset)> Enabled(string environment, MerchantSettings merchant)
    {
        foreach (var (rail, asset) in Enabled(environment))
        {
            if (!rail.IsReady(asset) || (rail.NeedsXpub && !merchant.Xpubs.ContainsKey(rail.Network)))
                continue;
            if (merchant.Rails is null)
                yield return (rail, asset);
            else if (merchant.Rails.FirstOrDefault(one => one.Network == rail.Network && one.Currency == asset.Currency)
                is { Enabled: true } approved)
                yield return (rail, approved.ApplyTo(asset));
        }
    }

    public (IRail Rail, RailAsset Asset)? Find(string environment, string network, string currency)
    {
        foreach (var (rail, asset) in Enabled(environment))
        {
            if (rail.Network == network && asset.Currency == currency)
                return (rail, asset);
        }

        return null;
    }

    /// <summary>The driver of a network that payments exist for.</summary>
    public IRail Of(string network) => _rails.Single(rail => rail.Network == network);
}
