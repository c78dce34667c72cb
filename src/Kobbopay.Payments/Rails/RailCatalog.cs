using Kobbopay.Contracts;

namespace Kobbopay.Payments.Rails;

/// <summary>The rails of this installation, by network and currency.</summary>
public sealed class RailCatalog(IEnumerable<IRail> rails)
{
    private readonly IReadOnlyList<IRail> _rails = [.. rails];

    public IEnumerable<IRail> All => _rails;

    /// <summary>What takes payments in an environment.</summary>
    public IEnumerable<(IRail Rail, RailAsset Asset)> Enabled(string environment) =>
        from rail in _rails
        where !rail.TestOnly || environment == MerchantEnvironments.Test
        from asset in rail.Assets
        where asset.Enabled
        select (rail, asset);

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
