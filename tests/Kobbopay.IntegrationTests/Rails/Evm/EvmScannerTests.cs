using Kobbopay.IntegrationTests.Faults;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Several networks, several scanners, several lives: each transfer is one transfer.</summary>
public sealed class EvmScannerTests : IAsyncLifetime
{
    private EvmChain _chain = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _chain = await EvmChain.StartAsync();

    public ValueTask DisposeAsync() => _chain.DisposeAsync();

    [Fact]
    public async Task Money_on_another_network_is_kept_for_the_payment_whose_address_it_took()
    {
        await using var otherChain = await EvmChain.StartAsync();
        await using var world = await EvmWorld.CreateAsync(
            [_chain.Url],
            ($"Evm:{EvmWorld.OtherNetwork}:ChainId", "31337"),
            ($"Evm:{EvmWorld.OtherNetwork}:Environment", "test"),
            ($"Evm:{EvmWorld.OtherNetwork}:Rpc:0", otherChain.Url.ToString()),
            ($"Evm:{EvmWorld.OtherNetwork}:Assets:USDT:Contract", EvmChain.Usdt),
            ($"Evm:{EvmWorld.OtherNetwork}:Assets:USDT:Decimals", "6"));
        await world.BeginAsync(EvmWorld.OtherNetwork);
        var here = await world.CreatePaymentAsync();
        var there = await world.CreatePaymentAsync(network: EvmWorld.OtherNetwork);
        (here.Details.AddressPath, there.Details.AddressPath).Should().Be(("0/0", "0/1"));

        await otherChain.TransferAsync(EvmChain.Usdt, here.Details.DepositAddress, 10_500_000);
        await world.ScanAsync(EvmWorld.OtherNetwork);
        await world.ScanAsync();
        (await world.UnmatchedAsync(here)).Should().Equal(("wrong_network", 10_500_000, true));
        (await world.EventsAsync(here)).Should().Equal("payment.created");
        (await world.World.ScalarAsync<string>("select network || ' ' || currency from unmatched_transfers"))
            .Should().Be($"{EvmWorld.OtherNetwork} USDT");

        await otherChain.ReorgAsync(1);
        await world.ScanAsync(EvmWorld.OtherNetwork);
        (await world.UnmatchedAsync(here)).Should().Equal(("wrong_network", 10_500_000, false));
    }

    [Fact]
    public async Task Two_scanners_at_once_find_everything_once()
    {
        var database = await RailWorld.NewDatabaseAsync();
        var settings = EvmWorld.SettingsOf([_chain.Url]);
        var now = TimeProvider.System.GetUtcNow();
        await using var first = new EvmWorld(RailWorld.Over(database, now, settings));
        var second = new EvmWorld(RailWorld.Over(database, now, settings, first.World));
        var merchant = first.World.Merchant.MerchantId;
        await RailWorld.AddMerchantAsync(first.World.Database, merchant, TimeSpan.FromMinutes(60));
        await EvmWorld.AddXpubAsync(first.World.Database, merchant);
        await first.BeginAsync();
        await second.Rail().PrepareAsync(Token);
        var payments = new List<PaymentRecord>();
        for (var i = 0; i < 10; i++)
            payments.Add(await (i % 2 == 0 ? first : second).CreatePaymentAsync("1"));
        payments.Select(payment => payment.Details.AddressPath).Should().OnlyHaveUniqueItems();

        foreach (var payment in payments)
        {
            var paying = _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 1_000_000);
            await Task.WhenAll(paying, first.ScanAsync(), second.ScanAsync());
        }

        await _chain.MineAsync(2);
        await Task.WhenAll(first.ScanAsync(), second.ScanAsync());
        foreach (var payment in payments)
        {
            (await first.EventsAsync(payment)).Should().Equal(
                "payment.created", "payment.paid", "payment.confirmed");
        }

        (await first.World.ScalarAsync<long>("select count(*) from transfers")).Should().Be(payments.Count);
        await second.World.StopAsync();
    }

    [Theory]
    [InlineData("scan.found")]
    [InlineData("scan.written:3")]
    [InlineData("scan.committed:3")]
    public async Task A_scanner_that_is_killed_is_taken_up_where_it_was(string faultPoint)
    {
        await using var payments = await MortalPayments.CreateAsync();
        await EvmWorld.AddXpubAsync(payments.Database, payments.Merchant);
        foreach (var setting in EvmWorld.SettingsOf([_chain.Url]))
        {
            var (name, value) = setting.Split('=', 2) switch { var parts => (parts[0], parts[1]) };
            payments.Environment[name[2..].Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        payments.Start(faultPoint);
        await Eventually.GetAsync(
            () => payments.QueryAsync<long>("select count(*) from chains where block_number >= 0"),
            count => count == 1);
        var created = await payments.PostAsync(
            "/v1/payments",
            $$"""{"amount": "1", "currency": "USDT", "network": "{{EvmWorld.Network}}", "orderId": "order-1"}""",
            "create-1");
        await _chain.TransferAsync(EvmChain.Usdt, (string)created.Json["depositAddress"]!, 1_000_000);
        await _chain.MineAsync();

        await Eventually.GetAsync(
            () => payments.QueryAsync<string>("select status from payments"),
            status => status == nameof(PaymentStatus.Confirmed),
            TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => Task.FromResult(payments.Deaths == 1), TimeSpan.FromSeconds(30));
        (await payments.QueryAsync<long>("select count(*) from transfers")).Should().Be(1);
        (await payments.QueryAsync<string>("select string_agg(type, ' ' order by version) from payment_timeline"))
            .Should().Be("payment.created payment.paid payment.confirmed");
    }

    [Fact]
    public async Task Calls_for_a_block_do_not_grow_with_the_number_of_payments()
    {
        var chain = new FakeEvmChain();
        chain.AddToken(EvmChain.Usdt, 6);
        chain.AddToken(EvmChain.Usdc, 6);
        chain.AddBlocks(100);
        await using var node = await FakeEvmNode.StartAsync(chain);
        await using var world = await EvmWorld.CreateAsync([node.Url], ("TopicListLimit", "10"));

        var few = await CallsOfTenBlocksAsync(world, chain, node, payments: 5);
        var past = await CallsOfTenBlocksAsync(world, chain, node, payments: 20);
        var many = await CallsOfTenBlocksAsync(world, chain, node, payments: 500);
        (few, past).Should().Be((past, many));
        (await world.World.ScalarAsync<long>("select count(*) from payments where status <> 'Pending'"))
            .Should().Be(3);
    }

    /// <summary>Calls and requests for ten blocks, each scanned as it comes, one of which pays a payment.</summary>
    private static async Task<(int Calls, int Requests)> CallsOfTenBlocksAsync(
        EvmWorld world, FakeEvmChain chain, FakeEvmNode node, int payments)
    {
        PaymentRecord? last = null;
        for (var i = 0; i < payments; i++)
            last = await world.CreatePaymentAsync("1");
        chain.AddBlocks(1);
        await world.ScanAsync();
        var before = (Calls: node.Calls.Values.Sum(), node.Requests);
        for (var i = 0; i < 10; i++)
        {
            chain.AddBlock(FakeEvmTransaction.Token(
                EvmChain.Usdt, i == 5 ? last!.Details.DepositAddress : EvmChain.NewAddress(), 1_000_000));
            await world.ScanAsync();
        }

        return (node.Calls.Values.Sum() - before.Calls, node.Requests - before.Requests);
    }
}
