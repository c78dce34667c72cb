using Kobbopay.Payments.Domain;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>A real node's chain is reorganised: money is counted once, wherever it stands.</summary>
public sealed class EvmReorgTests : IAsyncLifetime
{
    private EvmChain _chain = null!;
    private EvmWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _chain = await EvmChain.StartAsync();
        _world = await EvmWorld.CreateAsync([_chain.Url], ("ReorgLimit", "20"));
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _chain.DisposeAsync();
    }

    [Fact]
    public async Task A_transfer_that_is_gone_before_it_was_seen_was_never_there()
    {
        var payment = await _world.CreatePaymentAsync();
        await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        await _chain.ReorgAsync(1);
        await _chain.MineAsync(5);
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created");
    }

    [Fact]
    public async Task A_transfer_that_is_gone_after_Paid_is_taken_back_and_may_come_again()
    {
        var payment = await _world.CreatePaymentAsync();
        var receipt = await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        var raw = await _chain.RawTransactionAsync(receipt.TransactionHash);
        await _world.ScanAsync();
        await _chain.ReorgAsync(1);
        await _world.ScanAsync();
        (await _world.StatusAsync(payment)).Should().Be(PaymentStatus.Pending);

        await _chain.CallAsync("eth_sendRawTransaction", raw);
        await _chain.ReceiptAsync(receipt.TransactionHash);
        await _chain.MineAsync();
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.reverted", "payment.paid", "payment.confirmed");
        (await _world.ReadAsync(payment)).State.Received.Should().Be(10_500_000);
    }

    [Fact]
    public async Task The_same_transaction_in_another_block_behind_another_log_keeps_its_transfer()
    {
        var payment = await _world.CreatePaymentAsync();
        var receipt = await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        await _chain.MineAsync();
        await _world.ScanAsync();
        var before = (await _world.ReadAsync(payment)).State;
        before.Status.Should().Be(PaymentStatus.Confirmed);

        // Another transfer comes first in the new block, so that the log has another index.
        await _chain.SetAutomineAsync(on: false);
        var other = await _chain.SendTransferAsync(
            EvmChain.Usdt, EvmChain.NewAddress(), 0, from: _chain.Accounts[1]);
        var first = await _chain.RawTransactionAsync(other);
        var raw = await _chain.RawTransactionAsync(receipt.TransactionHash);
        await _chain.ReorgAsync(2, new EvmMove(first, 1), new EvmMove(raw, 1));
        await _world.ScanAsync();

        var moved = await _chain.ReceiptAsync(receipt.TransactionHash);
        moved.BlockHash.Should().NotBe(receipt.BlockHash);
        var after = (await _world.ReadAsync(payment)).State;
        (after.Status, after.Received).Should().Be((PaymentStatus.Confirmed, before.Received));
        var transfer = after.Transfers.Should().ContainSingle().Subject;
        transfer.Id.Should().Be(before.Transfers[0].Id);
        (transfer.BlockHash, transfer.FirstBlockTime).Should().Be(
            (moved.BlockHash, before.Transfers[0].FirstBlockTime));
        (await _world.World.ScalarAsync<int>("select log_index from transfers")).Should().Be(1);
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task Coins_follow_a_reorganisation_as_tokens_do()
    {
        var payment = await _world.CreatePaymentAsync("0.5", "ETH");
        var receipt = await _chain.TransferNativeAsync(
            payment.Details.DepositAddress, System.Numerics.BigInteger.Pow(10, 18) / 2);
        var raw = await _chain.RawTransactionAsync(receipt.TransactionHash);
        await _world.ScanAsync();
        await _chain.ReorgAsync(1, new EvmMove(raw, 0));
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid");

        await _chain.ReorgAsync(1);
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.reverted");
    }

    [Fact]
    public async Task A_deep_reorganisation_after_Confirmed_stops_the_fulfilment_and_opens_an_exception()
    {
        var payment = await _world.CreatePaymentAsync();
        await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        await _chain.MineAsync(10);
        await _world.ScanAsync();
        (await _world.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);

        await _chain.ReorgAsync(11);
        await _world.ScanAsync();
        var state = (await _world.ReadAsync(payment)).State;
        (state.Status, state.FinalityViolated).Should().Be((PaymentStatus.Confirmed, true));
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.confirmed", "payment.finality_violated");
        (await _world.World.ScalarAsync<string>("select kind from exceptions")).Should().Be("finality_violated");
    }

    [Fact]
    public async Task What_goes_deeper_than_the_limit_stops_the_network_and_skips_nothing()
    {
        for (var i = 0; i < 15; i++)
        {
            await _chain.MineAsync(2);
            await _world.ScanAsync();
        }

        var cursor = await _world.World.ScalarAsync<long>("select block_number from chains");
        await _chain.ReorgAsync(25);

        var scan = () => _world.ScanAsync();
        await scan.Should().ThrowAsync<InvalidOperationException>().WithMessage("*reorganised deeper than*");
        (await _world.World.ScalarAsync<long>("select block_number from chains")).Should().Be(cursor);
    }

    [Fact]
    public async Task A_chain_that_got_shorter_is_waited_for()
    {
        var payment = await _world.CreatePaymentAsync();
        await _chain.TransferAsync(EvmChain.Usdt, payment.Details.DepositAddress, 10_500_000);
        await _chain.MineAsync(3);
        await _world.ScanAsync();
        await _chain.RollbackAsync(2);
        await _world.ScanAsync();
        (await _world.StatusAsync(payment)).Should().Be(PaymentStatus.Confirmed);

        await _chain.MineAsync(4);
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
        (await _world.World.ScalarAsync<long>("select block_number from chains"))
            .Should().Be(await _chain.BlockNumberAsync());
    }
}
