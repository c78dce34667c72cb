using System.Numerics;
using Kobbopay.Payments.Domain;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>A payment expires when the chain has passed its window, and only if nothing was missed.</summary>
public sealed class EvmExpiryTests : IAsyncLifetime
{
    private static readonly BigInteger Coin = BigInteger.Pow(10, 18);

    private EvmChain _chain = null!;
    private EvmWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _chain = await EvmChain.StartAsync();
        _world = await EvmWorld.CreateAsync([_chain.Url]);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _chain.DisposeAsync();
    }

    [Fact]
    public async Task Coins_that_came_by_way_of_a_contract_keep_the_payment_open_until_a_person_has_looked()
    {
        var missed = await _world.CreatePaymentAsync("1", "ETH");
        var empty = await _world.CreatePaymentAsync("1", "ETH");
        var token = await _world.CreatePaymentAsync();
        await _chain.TransferNativeAsync(missed.Details.DepositAddress, Coin / 4);
        await _chain.TransferInternallyAsync(missed.Details.DepositAddress, Coin / 2);
        await EndWindowAsync();
        await _world.ScanAsync();

        (await _world.StatusAsync(missed)).Should().Be(PaymentStatus.Pending);
        (await _world.StatusAsync(empty)).Should().Be(PaymentStatus.Expired);
        (await _world.StatusAsync(token)).Should().Be(PaymentStatus.Expired);
        var detail = await _world.World.ScalarAsync<string>(
            "select detail from exceptions where kind = 'missed_transfer'");
        detail.Should().Contain("\"balance\": \"0.75\"").And.Contain("\"amountReceived\": \"0.25\"");

        await _chain.MineAsync();
        await _world.ScanAsync();
        (await _world.World.ScalarAsync<long>("select count(*) from exceptions")).Should().Be(1);
        await _world.World.ScalarAsync<Guid>(
            "update exceptions set closed_at = now(), closed_by = 'key_1', close_reason = 'sent back' returning id");
        await _chain.MineAsync();
        await _world.ScanAsync();
        (await _world.EventsAsync(missed)).Should().Equal(
            "payment.created", "payment.partially_paid", "payment.expired");
    }

    [Fact]
    public async Task Late_money_is_late_and_money_long_after_is_nobodys()
    {
        var late = await _world.CreatePaymentAsync();
        var closed = await _world.CreatePaymentAsync();
        var confirmed = await _world.CreatePaymentAsync();
        await _chain.TransferAsync(EvmChain.Usdt, confirmed.Details.DepositAddress, 10_500_000);
        await EndWindowAsync();
        await _world.ScanAsync();
        await _chain.TransferAsync(EvmChain.Usdt, late.Details.DepositAddress, 10_500_000);
        await _world.ScanAsync();
        (await _world.EventsAsync(late)).Should().Equal(
            "payment.created", "payment.expired", "payment.late_transfer", "payment.paid");

        await _chain.IncreaseTimeAsync(TimeSpan.FromDays(8));
        await _chain.TransferAsync(EvmChain.Usdt, closed.Details.DepositAddress, 10_500_000);
        await _chain.TransferAsync(EvmChain.Usdt, confirmed.Details.DepositAddress, 10_500_000);
        await _world.ScanAsync();
        (await _world.UnmatchedAsync(closed)).Should().Equal(("closed_payment", 10_500_000, true));
        (await _world.UnmatchedAsync(confirmed)).Should().Equal(("second_payment", 10_500_000, true));
        (await _world.ReadAsync(confirmed)).State.Received.Should().Be(10_500_000);
    }

    private async Task EndWindowAsync()
    {
        await _chain.IncreaseTimeAsync(TimeSpan.FromMinutes(61));
        await _chain.MineAsync();
    }
}
