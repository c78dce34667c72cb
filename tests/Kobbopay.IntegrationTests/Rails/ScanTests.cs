using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>From a block on the chain to the payment's new state.</summary>
public sealed class ScanTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task An_exact_payment_is_paid_when_seen_and_confirmed_with_its_third_block()
    {
        var payment = await _world.CreatePaymentAsync("10.5");
        var block = await _world.PayAsync(payment, "10.5");
        await _world.ScanAsync();

        var paid = (await _world.ReadAsync(payment.Details.Id)).State;
        paid.Status.Should().Be(PaymentStatus.Paid);
        paid.Outcome.Should().Be(PaymentOutcome.Exact);
        paid.Confirmations.Should().Be(1);
        paid.Transfers.Should().ContainSingle().Which.BlockHash.Should().Be(block.Hash);

        await _world.MineAsync();
        await _world.ScanAsync();
        var waiting = await _world.ReadAsync(payment.Details.Id);
        (waiting.State.Status, waiting.State.Confirmations, waiting.Progress).Should().Be((PaymentStatus.Paid, 2, 1));

        await _world.MineAsync();
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Confirmed);
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
        (await _world.ScalarAsync<long>("select count(*) from outbox where message_type = 'PaymentProgressed'"))
            .Should().Be(1);
    }

    [Fact]
    public async Task Parts_add_up_and_too_much_is_over()
    {
        var payment = await _world.CreatePaymentAsync("10.5");
        await _world.PayAsync(payment, "4");
        await _world.ScanAsync();
        var partial = (await _world.ReadAsync(payment.Details.Id)).State;
        (partial.Status, partial.Outcome).Should().Be((PaymentStatus.Pending, PaymentOutcome.Partial));

        await _world.PayAsync(payment, "7");
        await _world.ScanAsync();
        var over = (await _world.ReadAsync(payment.Details.Id)).State;
        (over.Status, over.Outcome, over.Received).Should().Be(
            (PaymentStatus.Paid, PaymentOutcome.Over, RailWorld.Units("11")));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.partially_paid", "payment.paid");
    }

    [Fact]
    public async Task Money_that_is_not_enough_gets_its_confirmations_all_the_same()
    {
        var payment = await _world.CreatePaymentAsync("10.5");
        await _world.PayAsync(payment, "4");
        await _world.ScanAsync();
        await _world.MineAsync();
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Final.IsZero.Should().BeTrue();
        for (var i = 0; i < 3; i++)
        {
            await _world.MineAsync();
            await _world.ScanAsync();
        }

        var partial = await _world.ReadAsync(payment.Details.Id);
        (partial.State.Status, partial.State.Final, partial.Progress).Should().Be(
            (PaymentStatus.Pending, RailWorld.Units("4"), 2));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.partially_paid");
    }

    [Fact]
    public async Task Two_transfers_in_one_transaction_count_twice()
    {
        var payment = await _world.CreatePaymentAsync("10");
        var txHash = NewTransfer.NewTxHash();
        await _world.MineAsync(
            1, RailWorld.TransferTo(payment, "5", txHash), RailWorld.TransferTo(payment, "5", txHash));
        await _world.ScanAsync();

        var paid = (await _world.ReadAsync(payment.Details.Id)).State;
        paid.Status.Should().Be(PaymentStatus.Paid);
        paid.Transfers.Should().HaveCount(2).And.OnlyContain(transfer => transfer.TxHash == txHash);
    }

    [Fact]
    public async Task Dust_does_not_hold_back_what_is_confirmed()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.MineAsync();
        await _world.PayAsync(payment, "0.000001");
        await _world.ScanAsync();

        var confirmed = (await _world.ReadAsync(payment.Details.Id)).State;
        (confirmed.Status, confirmed.Outcome).Should().Be((PaymentStatus.Confirmed, PaymentOutcome.Over));
    }

    [Fact]
    public async Task Another_token_at_the_same_address_is_not_the_payments()
    {
        var payment = await _world.CreatePaymentAsync("10", "USDC");
        await _world.MineAsync(1, RailWorld.TransferTo(payment, "10") with { Contract = null });
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);

        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Paid);
    }

    [Fact]
    public async Task A_chain_far_behind_is_taken_in_by_slices()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync(150);
        await _world.PayAsync(payment, "10");
        await _world.MineAsync(99);

        (await _world.ScanOnceAsync()).Should().BeTrue();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);
        await _world.ScanAsync();

        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
        (await _world.ScalarAsync<long>("select block_number from chains")).Should().Be(249);
    }

    [Fact]
    public async Task A_block_of_many_transfers_is_taken_in_at_once()
    {
        var payments = new List<Payments.PaymentRecord>();
        for (var i = 0; i < 100; i++)
            payments.Add(await _world.CreatePaymentAsync("10"));
        var others = Enumerable.Range(0, 900)
            .Select(i => new NewTransfer(NewTransfer.NewTxHash(), null, $"sim1{i:x40}", RailWorld.Units("10")));
        await _world.MineAsync(1, [.. others, .. payments.Select(payment => RailWorld.TransferTo(payment, "10"))]);

        (await _world.ScanOnceAsync()).Should().BeFalse();

        (await _world.ScalarAsync<long>("select count(*) from payments where status = 'Paid'")).Should().Be(100);
        (await _world.ScalarAsync<long>("select count(*) from transfers")).Should().Be(100);
    }
}
