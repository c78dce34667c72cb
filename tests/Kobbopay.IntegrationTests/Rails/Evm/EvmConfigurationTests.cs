using Kobbopay.Contracts;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Networks and tokens are configuration, and a network that is wrong harms itself alone.</summary>
public sealed class EvmConfigurationTests : IAsyncLifetime
{
    private readonly FakeEvmChain _chain = new();
    private FakeEvmNode _node = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _chain.AddToken(EvmChain.Usdt, 6);
        _chain.AddToken(EvmChain.Usdc, 18);
        _chain.AddBlocks(10);
        _node = await FakeEvmNode.StartAsync(_chain);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task An_asset_that_contradicts_its_contract_takes_no_payments_until_it_agrees()
    {
        await using var world = await EvmWorld.CreateAsync(
            [_node.Url],
            ("Assets:GONE:Contract", "0x00000000000000000000000000000000000000aa"), ("Assets:GONE:Decimals", "6"));
        (await EnabledAsync(world)).Should().BeEquivalentTo("USDT", "ETH");

        _chain.AddToken(EvmChain.Usdc, 6);
        world.World.Clock.Advance(TimeSpan.FromMinutes(1));
        await world.Rail().PrepareAsync(Token);
        (await EnabledAsync(world)).Should().BeEquivalentTo("USDT", "USDC", "ETH");
    }

    [Fact]
    public async Task A_network_without_a_node_takes_no_payments_and_harms_no_other()
    {
        await using var world = await EvmWorld.CreateAsync(
            [_node.Url],
            ($"Evm:{EvmWorld.OtherNetwork}:ChainId", "1"),
            ($"Evm:{EvmWorld.OtherNetwork}:Environment", "test"),
            ($"Evm:{EvmWorld.OtherNetwork}:Rpc:0", "http://127.0.0.1:1"),
            ($"Evm:{EvmWorld.OtherNetwork}:Assets:USDT:Contract", EvmChain.Usdt),
            ($"Evm:{EvmWorld.OtherNetwork}:Assets:USDT:Decimals", "6"));
        await world.Rail(EvmWorld.OtherNetwork).PrepareAsync(Token);
        var scan = () => world.ScanAsync(EvmWorld.OtherNetwork);
        await scan.Should().ThrowAsync<RailUnavailableException>();

        var create = () => world.CreatePaymentAsync(network: EvmWorld.OtherNetwork);
        (await create.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("USDT on dev-evm")
            .And.NotContain(EvmWorld.OtherNetwork);
        (await world.CreatePaymentAsync()).Details.Network.Should().Be(EvmWorld.Network);
    }

    [Fact]
    public async Task A_merchant_without_an_xpub_and_the_live_environment_have_no_such_rail()
    {
        await using var world = await EvmWorld.CreateAsync([_node.Url]);
        var rails = world.World.Get<RailCatalog>();
        var settings = await SettingsAsync(world);
        var without = settings with
        {
            Xpubs = new Dictionary<string, Payments.Rails.Evm.ExtendedPublicKey>(StringComparer.Ordinal),
        };
        rails.Enabled(MerchantEnvironments.Test, without).Select(one => one.Rail.Network)
            .Should().NotContain(EvmWorld.Network);
        rails.Enabled(MerchantEnvironments.Live, settings).Should().BeEmpty();
    }

    [Fact]
    public async Task A_network_that_payments_exist_on_has_to_stay_configured()
    {
        await using var world = await EvmWorld.CreateAsync([_node.Url]);
        var known = new KnownNetworks(world.World.Database, world.World.Get<RailCatalog>());
        await known.StartAsync(Token);

        var without = new KnownNetworks(world.World.Database, new RailCatalog([]));
        var start = () => without.StartAsync(Token);
        await start.Should().ThrowAsync<InvalidOperationException>().WithMessage("*dev-evm*not configured*");
    }

    private static Task<MerchantSettings> SettingsAsync(EvmWorld world) =>
        world.World.Get<MerchantDirectory>().GetAsync(
            world.World.Merchant.MerchantId, MerchantEnvironments.Test, Token).AsTask();

    private static async Task<IEnumerable<string>> EnabledAsync(EvmWorld world) =>
        world.World.Get<RailCatalog>().Enabled(MerchantEnvironments.Test, await SettingsAsync(world))
            .Where(one => one.Rail.Network == EvmWorld.Network)
            .Select(one => one.Asset.Currency);
}
