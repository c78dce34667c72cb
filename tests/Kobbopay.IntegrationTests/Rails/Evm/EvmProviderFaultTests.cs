using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>What providers do that a good node does not: payments wait, and nothing is lost or believed.</summary>
public sealed class EvmProviderFaultTests : IAsyncDisposable
{
    private readonly FakeEvmChain _chain = new();
    private readonly List<FakeEvmNode> _nodes = [];
    private EvmWorld? _world;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private EvmWorld World => _world!;

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
            await _world.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_is_gone_for_minutes_costs_time_and_nothing_else()
    {
        await StartAsync(providers: 1);
        var (during, expiring) = (await World.CreatePaymentAsync(), await World.CreatePaymentAsync());
        _nodes[0].Trouble.Fault = FakeEvmFault.Unavailable;
        for (var minute = 0; minute < 5; minute++)
        {
            (await TryScanAsync()).Should().NotBeNull();
            await RecordFailureAsync();
            World.World.Clock.Advance(TimeSpan.FromMinutes(1));
            Pay(during, minute == 2 ? 10_500_000 : 0);
            _chain.AddBlocks(200);
        }

        _chain.Time += TimeSpan.FromHours(2);
        _chain.AddBlocks(1);
        (await World.ReadAsync(during)).Delayed.Should().BeTrue();
        (await World.StatusAsync(expiring)).Should().Be(PaymentStatus.Pending);

        _nodes[0].Trouble.Fault = FakeEvmFault.None;
        await World.ScanAsync();
        (await World.EventsAsync(during)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
        (await World.ReadAsync(during)).State.Late.Should().BeFalse();
        (await World.StatusAsync(expiring)).Should().Be(PaymentStatus.Expired);
        (await World.World.ScalarAsync<long>("select block_number from chains")).Should().Be(_chain.Head);
    }

    [Fact]
    public async Task The_next_provider_takes_over_at_once()
    {
        await StartAsync(providers: 2);
        var payment = await World.CreatePaymentAsync();
        Pay(payment, 10_500_000);
        _chain.AddBlocks(8);
        _nodes[0].Trouble.Fault = FakeEvmFault.Closed;
        await World.ScanAsync();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);
    }

    [Fact]
    public async Task A_node_that_is_50_blocks_behind_is_waited_for()
    {
        await StartAsync(providers: 1);
        var payment = await World.CreatePaymentAsync();
        _chain.AddBlocks(60);
        Pay(payment, 10_500_000);
        _chain.AddBlocks(3);
        await World.ScanAsync();
        var cursor = _chain.Head;

        _nodes[0].Trouble.Lag = 50;
        await TryScanAsync();
        (await World.World.ScalarAsync<long>("select block_number from chains")).Should().Be(cursor);
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);
        _chain.AddBlocks(70);
        await World.ScanAsync();
        (await World.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task Two_providers_that_disagree_stop_the_network_until_they_agree()
    {
        await StartAsync(providers: 2);
        var payment = await World.CreatePaymentAsync();
        _nodes[1].Trouble.DisagreesFrom = _chain.Head;
        Pay(payment, 10_500_000);
        _chain.AddBlocks(10);
        (await TryScanAsync()).Should().BeAssignableTo<RailUnavailableException>();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Pending);

        _nodes[1].Trouble.DisagreesFrom = null;
        World.World.Clock.Advance(TimeSpan.FromMinutes(2));
        await World.ScanAsync();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);
    }

    [Fact]
    public async Task Of_three_the_one_that_shows_another_chain_is_left_out()
    {
        await StartAsync(providers: 3);
        var payment = await World.CreatePaymentAsync();
        _nodes[0].Trouble.DisagreesFrom = _chain.Head;
        Pay(payment, 10_500_000);
        _chain.AddBlocks(10);
        await World.ScanAsync();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);
        (await World.World.ScalarAsync<string>("select block_hash from chains")).Should().Be(_chain.Blocks[^1].Hash);
    }

    [Fact]
    public async Task Logs_that_a_replica_does_not_have_yet_are_never_taken_for_none()
    {
        await StartAsync(providers: 1);
        var payment = await World.CreatePaymentAsync();
        Pay(payment, 10_500_000);
        _nodes[0].Trouble.LogLag = 1;
        (await TryScanAsync()).Should().BeAssignableTo<RailUnavailableException>();

        _nodes[0].Trouble.LogLag = 0;
        World.World.Clock.Advance(TimeSpan.FromMinutes(2));
        await World.ScanAsync();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Paid);
    }

    [Theory]
    [InlineData(FakeEvmFault.TooManyRequests)]
    [InlineData(FakeEvmFault.Malformed)]
    [InlineData(FakeEvmFault.Truncated)]
    [InlineData(FakeEvmFault.Endless)]
    [InlineData(FakeEvmFault.OtherIds)]
    public async Task An_answer_that_is_none_moves_nothing(FakeEvmFault fault)
    {
        await StartAsync(providers: 1);
        var payment = await World.CreatePaymentAsync();
        Pay(payment, 10_500_000);
        _nodes[0].Trouble.FaultMethod = "eth_getLogs";
        _nodes[0].Trouble.Fault = fault;
        var cursor = await World.World.ScalarAsync<long>("select block_number from chains");
        (await TryScanAsync()).Should().BeAssignableTo<RailUnavailableException>();
        (await World.World.ScalarAsync<long>("select block_number from chains")).Should().Be(cursor);

        _nodes[0].Trouble.Fault = FakeEvmFault.None;
        World.World.Clock.Advance(TimeSpan.FromMinutes(2));
        await World.ScanAsync();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Paid);
    }

    [Fact]
    public async Task Logs_that_were_taken_back_are_not_believed()
    {
        await StartAsync(providers: 1);
        var payment = await World.CreatePaymentAsync();
        Pay(payment, 10_500_000);
        _nodes[0].Trouble.RemovedLogs = true;
        (await TryScanAsync()).Should().BeAssignableTo<RailUnavailableException>();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Pending);
    }

    /// <summary>Near the head logs are asked for by block, further below by range.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(90)]
    public async Task A_reorganisation_between_a_scans_own_calls_is_seen_whole_by_the_next_one(int depth)
    {
        await StartAsync(providers: 1);
        var payment = await World.CreatePaymentAsync();
        Pay(payment, 10_500_000);
        _chain.AddBlocks(depth - 1);
        var meanwhile = 0;
        _nodes[0].Trouble.Meanwhile = method =>
        {
            if (method == "eth_getLogs" && meanwhile++ == 0)
            {
                _chain.Reorg(
                    depth, [FakeEvmTransaction.Token(EvmChain.Usdt, payment.Details.DepositAddress, 10_000_000)]);
            }
        };
        (await TryScanAsync()).Should().BeAssignableTo<RailUnavailableException>();
        (await World.EventsAsync(payment)).Should().Equal("payment.created");

        World.World.Clock.Advance(TimeSpan.FromMinutes(2));
        await World.ScanAsync();
        (await World.EventsAsync(payment)).Should().Equal("payment.created", "payment.partially_paid");
        (await World.ReadAsync(payment)).State.Received.Should().Be(10_000_000);
    }

    [Fact]
    public async Task A_provider_of_another_chain_is_never_read()
    {
        await StartAsync(providers: 2, first => first.Trouble.ChainId = 1);
        var payment = await World.CreatePaymentAsync();
        Pay(payment, 10_500_000);
        _chain.AddBlocks(8);
        await World.ScanAsync();
        (await World.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);
        _nodes[0].CallsOf("eth_getLogs").Should().Be(0);
    }

    private async Task StartAsync(int providers, Action<FakeEvmNode>? first = null)
    {
        _chain.AddToken(EvmChain.Usdt, 6);
        _chain.AddToken(EvmChain.Usdc, 6);
        _chain.Time = TimeProvider.System.GetUtcNow();
        _chain.AddBlocks(30);
        for (var i = 0; i < providers; i++)
            _nodes.Add(await FakeEvmNode.StartAsync(_chain));
        first?.Invoke(_nodes[0]);
        _world = await EvmWorld.CreateAsync([.. _nodes.Select(node => node.Url)]);
    }

    private void Pay(PaymentRecord payment, int units) =>
        _chain.AddBlock(FakeEvmTransaction.Token(EvmChain.Usdt, payment.Details.DepositAddress, units));

    /// <summary>One try, as the scanner's; its failure, if any.</summary>
    private async Task<Exception?> TryScanAsync()
    {
        try
        {
            await World.World.Get<ChainScan>().RunAsync(World.Rail(), EvmWorld.Network, Token);
            return null;
        }
        catch (Exception failure) when (!Token.IsCancellationRequested)
        {
            return failure;
        }
    }

    private async Task RecordFailureAsync()
    {
        var delay = World.World.Get<ChainDelay>();
        await delay.FailedAsync(World.Rail(), EvmWorld.Network, Token);
        await delay.SettleAsync(EvmWorld.Network, 100, Token);
    }
}
