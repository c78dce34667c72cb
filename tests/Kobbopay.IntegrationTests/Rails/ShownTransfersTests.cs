using CsCheck;
using Kobbopay.Payments;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>A payment is shown without reading all of its transfers, and shown right.</summary>
public sealed class ShownTransfersTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    /// <summary>Chains of random blocks, reorganised at random: after every scan both ways of reading agree.</summary>
    [Fact]
    public async Task Whatever_happens_what_is_shown_is_what_all_transfers_come_to()
    {
        var steps = Gen.Select(Gen.Int[0, 9], Gen.Int[1, 6], Gen.Int[1, 5]).Array[12];
        await steps.SampleAsync(
            async history =>
            {
                var payments = new[]
                {
                    await _world.CreatePaymentAsync("10"), await _world.CreatePaymentAsync("3"),
                };
                foreach (var (kind, amount, depth) in history)
                {
                    _world.Clock.Advance(TimeSpan.FromMinutes(7));
                    await StepAsync(kind, amount, depth, payments);
                    await _world.ScanAsync();
                    foreach (var payment in payments)
                        await CheckAsync(payment);
                }
            },
            iter: 8,
            threads: 1);
    }

    [Fact]
    public async Task Of_ten_thousand_transfers_the_newest_twenty_are_shown_and_all_are_counted()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync(1, [.. Enumerable.Range(0, 9_980).Select(_ => RailWorld.TransferTo(payment, "0.001"))]);
        await _world.MineAsync(1, [.. Enumerable.Range(0, 20).Select(_ => RailWorld.TransferTo(payment, "0.002"))]);
        await _world.MineAsync();
        await _world.ScanAsync();

        var shown = await CheckAsync(payment);
        shown.Count.Should().Be(10_000);
        (shown.Received, shown.Final).Should().Be((RailWorld.Units("10.02"), RailWorld.Units("9.98")));
        shown.Newest.Should().HaveCount(20).And.OnlyContain(transfer => transfer.Amount == RailWorld.Units("0.002"));
    }

    [Fact]
    public async Task Money_that_moves_to_a_newer_block_keeps_counting_its_confirmations()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        var transfer = (await _world.ReadAsync(payment.Details.Id)).State.Transfers.Single();
        await _world.ReorgAsync(1, drop: true);
        await _world.MineAsync(1, new NewTransfer(
            transfer.TxHash, payment.Details.Contract, payment.Details.DepositAddress, transfer.Amount));
        await _world.ScanAsync();

        (await CheckAsync(payment)).Confirmations.Should().Be(1);
    }

    private async Task StepAsync(int kind, int amount, int depth, PaymentRecord[] payments)
    {
        var head = await _world.ScalarAsync<long>(
            "select coalesce((select head from simulator_chains), -1)");
        if (kind < 5)
        {
            await _world.MineAsync(
                depth,
                [.. Enumerable.Range(0, amount).Select(i => RailWorld.TransferTo(payments[i % 2], $"{amount}"))]);
        }
        else if (kind < 7 || head < depth)
        {
            await _world.MineAsync(depth);
        }
        else
        {
            await _world.ReorgAsync(depth, drop: kind > 7);
        }
    }

    private async Task<TransferSummary> CheckAsync(PaymentRecord payment)
    {
        var shown = (await _world.Get<PaymentReads>().FindAsync(_world.Merchant, payment.Details.Id, Token))!;
        var all = await _world.ReadAsync(payment.Details.Id);
        shown.Transfers.Should().BeEquivalentTo(TransferSummary.Of(all.State), options => options.WithStrictOrdering());
        var renderer = _world.Get<PaymentRenderer>();
        renderer.Render(shown).Should().BeEquivalentTo(renderer.Render(all.Details, all.State, all.Delayed));
        renderer.RenderPublic(shown, "Shop").Should().BeEquivalentTo(
            renderer.RenderPublic(all.Details, all.State, all.Progress, all.Delayed, "Shop"));
        return shown.Transfers;
    }
}
