using System.Diagnostics.Metrics;
using System.Numerics;
using Kobbopay.Payments.Rails.Evm;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Kobbopay.UnitTests.Rails.Evm;

/// <summary>A network is configuration: what is wrong with it is said with its path.</summary>
public sealed class EvmNetworkTests
{
    private const string Contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    private const string Recipient = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    private static readonly Dictionary<string, string?> Sound = new(StringComparer.Ordinal)
    {
        ["Evm:ethereum:ChainId"] = "1",
        ["Evm:ethereum:Environment"] = "live",
        ["Evm:ethereum:Rpc:0"] = "https://one.example/secret",
        ["Evm:ethereum:Assets:USDT:Contract"] = Contract,
        ["Evm:ethereum:Assets:USDT:Decimals"] = "6",
        ["Evm:ethereum:Assets:USDT:Finalized"] = "true",
        ["Evm:ethereum:Assets:ETH:Decimals"] = "18",
    };

    [Fact]
    public void A_sound_network_has_its_assets_and_defaults()
    {
        var network = Read([]).Should().ContainSingle().Subject;
        (network.Name, network.ChainId, network.Environment, network.Experimental, network.TopicListLimit)
            .Should().Be(("ethereum", 1, "live", false, 1_000));
        network.Native!.Currency.Should().Be("ETH");
        network.Assets.Select(asset => (asset.Currency, asset.Contract, asset.Decimals, asset.NeedsFinality))
            .Should().BeEquivalentTo([("USDT", (string?)Contract, 6, true), ("ETH", null, 18, false)]);
    }

    [Theory]
    [InlineData("ChainId", "")]
    [InlineData("ChainId", "0")]
    [InlineData("Environment", "production")]
    [InlineData("Rpc:0", "ftp://one.example")]
    [InlineData("Rpc:0", "one.example")]
    [InlineData("PollInterval", "00:00:00")]
    [InlineData("Assets:USDT:Contract", "0x5FbDB2315678afecb367f032d93F642f64180aA3")]
    [InlineData("Assets:USDT:Contract", "TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6")]
    [InlineData("Assets:USDT:Decimals", "-1")]
    [InlineData("Assets:USDT:Decimals", "77")]
    [InlineData("Assets:ETH:Contract", Contract)]
    [InlineData("Assets:ETH:Confirmations", "0")]
    public void What_is_wrong_is_named(string setting, string value)
    {
        var read = () => Read(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [$"Evm:ethereum:{setting}"] = value,
        });
        read.Should().Throw<InvalidOperationException>().WithMessage("*Evm:ethereum:*");
    }

    [Fact]
    public void A_wallet_opens_the_address_of_EIP_681()
    {
        using var rail = Rail([]);
        rail.PaymentUri(Asset(rail, "USDT"), Recipient, 10_500_000).Should().Be(
            $"ethereum:{Contract}@1/transfer?address={Recipient}&uint256=10500000");
        rail.PaymentUri(Asset(rail, "ETH"), Recipient, BigInteger.Pow(10, 18)).Should().Be(
            $"ethereum:{Recipient}@1?value=1000000000000000000");
    }

    [Fact]
    public void Tron_has_its_own_addresses_and_is_experimental()
    {
        using var rail = Rail(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Evm:ethereum:AddressForm"] = "Tron",
            ["Evm:ethereum:Assets:USDT:Contract"] = "TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6",
        });
        rail.Experimental.Should().BeTrue();
        rail.PaymentUri(Asset(rail, "USDT"), "TPjjvMwjPoDC32V2dGDYTkLH4E5LAtBZ6C", 1)
            .Should().Be("TPjjvMwjPoDC32V2dGDYTkLH4E5LAtBZ6C");
    }

    [Fact]
    public void A_transaction_can_be_looked_at_where_the_network_has_an_explorer()
    {
        using var rail = Rail(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Evm:ethereum:ExplorerTx"] = "https://explorer.example/tx/{0}",
        });
        rail.ExplorerUrl("0xab").Should().Be("https://explorer.example/tx/0xab");
    }

    private static Payments.Rails.RailAsset Asset(EvmRail rail, string currency) =>
        rail.Assets.Single(asset => asset.Currency == currency);

    private static EvmRail Rail(Dictionary<string, string?> settings)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        return new EvmRail(
            Read(settings).Single(), NpgsqlDataSource.Create("Host=127.0.0.1"), TimeProvider.System,
            services.GetRequiredService<IMeterFactory>(), NullLoggerFactory.Instance);
    }

    private static IEnumerable<EvmNetwork> Read(Dictionary<string, string?> settings) => EvmNetwork.ReadAll(
        new ConfigurationBuilder().AddInMemoryCollection(Sound).AddInMemoryCollection(settings).Build());
}
