using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>Reads that go to the database together share nothing else.</summary>
public sealed class SharedReadTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Each_gets_its_own_payment_with_its_own_transfers_and_nobody_elses()
    {
        var paid = await _world.CreatePaymentAsync("10");
        var open = await _world.CreatePaymentAsync("3");
        await _world.PayAsync(paid, "4", "6");
        await _world.ScanAsync();
        var stranger = _world.Merchant with { MerchantId = Id.New(TimeProvider.System) };
        var live = _world.Merchant with { Environment = MerchantEnvironments.Live };

        var reads = Enumerable.Range(0, 60).SelectMany(_ => new[]
        {
            (By: _world.Merchant, Id: paid.Details.Id, Transfers: 2),
            (By: _world.Merchant, Id: open.Details.Id, Transfers: 0),
            (By: stranger, Id: paid.Details.Id, Transfers: -1),
            (By: live, Id: open.Details.Id, Transfers: -1),
            (By: _world.Merchant, Id: Id.New(TimeProvider.System), Transfers: -1),
        }).ToArray();
        var found = await Task.WhenAll(reads.Select(read => FindAsync(read.By, read.Id)));

        foreach (var (read, payment) in reads.Zip(found))
        {
            (payment?.Details.Id).Should().Be(read.Transfers < 0 ? null : read.Id);
            (payment?.Transfers.Count ?? -1).Should().Be(read.Transfers);
        }
    }

    [Fact]
    public async Task Who_gives_up_takes_nobody_along()
    {
        var payment = await _world.CreatePaymentAsync();
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reads = Enumerable.Range(0, 40)
            .Select(i => _world.Get<PaymentReads>()
                .FindAsync(_world.Merchant, payment.Details.Id, i % 2 == 0 ? impatient.Token : Token))
            .ToArray();
        await impatient.CancelAsync();

        for (var i = 1; i < reads.Length; i += 2)
            (await reads[i])!.Details.Id.Should().Be(payment.Details.Id);
        for (var i = 0; i < reads.Length; i += 2)
        {
            // It may have had its answer before.
            if (await Record.ExceptionAsync(() => reads[i]) is { } failure)
                failure.Should().BeAssignableTo<OperationCanceledException>();
        }
    }

    private Task<PaymentView?> FindAsync(MerchantIdentity merchant, Guid paymentId) =>
        _world.Get<PaymentReads>().FindAsync(merchant, paymentId, Token);
}
