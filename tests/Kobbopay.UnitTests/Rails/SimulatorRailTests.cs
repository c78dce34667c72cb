using Kobbopay.Contracts;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Kobbopay.UnitTests.Rails;

public sealed class SimulatorRailTests
{
    private static readonly Guid Merchant = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);
    private static readonly Payee Payee = new(Merchant, MerchantEnvironments.Test, Xpub: null);
    private static readonly SimulatorRail Rail = new(
        NpgsqlDataSource.Create("Host=127.0.0.1"), new ConfigurationManager(), TimeProvider.System);

    [Fact]
    public void An_address_follows_from_merchant_and_index_alone()
    {
        var address = Rail.AddressAt(Payee, 17);
        address.Address.Should().MatchRegex("^sim1[0-9a-f]{40}$");
        (address.Path, address.XpubFingerprint).Should().Be(("0/17", null));
        Rail.AddressAt(Payee, 17).Should().Be(address);

        var others = Enumerable.Range(0, 100)
            .Select(i => Rail.AddressAt(Payee, i).Address)
            .Append(Rail.AddressAt(Payee with { MerchantId = Guid.Empty }, 17).Address);
        others.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void A_payment_uri_names_address_amount_and_currency()
    {
        Rail.PaymentUri(Rail.Assets[0], "sim1aa", 10_500_000)
            .Should().Be("example-network:sim1aa?amount=10.5&currency=USDT");
    }

    [Fact]
    public void It_is_offered_in_test_only_and_its_assets_are_different_ones()
    {
        var catalog = new RailCatalog([Rail]);
        catalog.Enabled(MerchantEnvironments.Live).Should().BeEmpty();
        catalog.Enabled(MerchantEnvironments.Test).Select(enabled => enabled.Asset.Currency)
            .Should().Equal("USDT", "USDC", "DAI");
        Rail.Assets.Select(asset => asset.Contract).Should().OnlyHaveUniqueItems();
        Rail.ChainOf(Merchant, MerchantEnvironments.Test)
            .Should().Be($"example-network:{Id.Format(Id.Merchant, Merchant)}");
    }
}
