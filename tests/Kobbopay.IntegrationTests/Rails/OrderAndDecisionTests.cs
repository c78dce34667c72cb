using System.Diagnostics.Metrics;
using Kobbopay.Contracts;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Where the chain, an order and a person's decision meet.</summary>
public sealed class OrderAndDecisionTests : IAsyncLifetime
{
    private const string Claims = "select coalesce(string_agg(payment_id::text, ' '), 'none') from order_claims";

    private RailWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Late_money_for_an_order_that_has_a_new_open_payment_counts_and_holds_nothing_up()
    {
        var old = await _world.CreatePaymentAsync("10", orderId: "order");
        await PassAsync(61);
        var renewed = await _world.CreatePaymentAsync("10", orderId: "order");
        await _world.PayAsync(old, "10");
        await _world.ScanAsync();

        (await StatusAsync(old), await StatusAsync(renewed)).Should().Be((PaymentStatus.Paid, PaymentStatus.Pending));
        (await _world.ScalarAsync<string>(Claims)).Should().Be($"{renewed.Details.Id}");

        // The order has been paid all the same: what ends is the new payment, not that fact.
        await PassAsync(61);
        (await StatusAsync(old), await StatusAsync(renewed)).Should().Be((PaymentStatus.Paid, PaymentStatus.Expired));
        (await _world.ScalarAsync<string>(Claims)).Should().Be($"{old.Details.Id}");
        await FluentActions.Awaiting(() => _world.CreatePaymentAsync("10", orderId: "order"))
            .Should().ThrowAsync<ProblemException>().Where(problem => problem.Code == "order_already_paid");
    }

    [Fact]
    public async Task Both_payments_of_an_order_may_be_paid_and_the_next_one_is_a_conflict_either_way()
    {
        var old = await _world.CreatePaymentAsync("10", orderId: "order");
        await PassAsync(61);
        var renewed = await _world.CreatePaymentAsync("10", orderId: "order");
        await _world.MineAsync(3, RailWorld.TransferTo(old, "10"), RailWorld.TransferTo(renewed, "10"));
        await _world.ScanAsync();

        (await StatusAsync(old), await StatusAsync(renewed))
            .Should().Be((PaymentStatus.Confirmed, PaymentStatus.Confirmed));
        (await _world.ScalarAsync<string>(Claims)).Should().Be($"{renewed.Details.Id}");
        (await _world.EventsAsync(old)).Should().Equal(
            "payment.created", "payment.expired", "payment.late_transfer", "payment.paid", "payment.confirmed");
    }

    [Fact]
    public async Task Dust_in_every_block_does_not_hold_back_what_is_confirmed()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        await _world.PayAsync(payment, "0.000001");
        await _world.ScanAsync();
        (await StatusAsync(payment)).Should().Be(PaymentStatus.Paid);

        await _world.PayAsync(payment, "0.000001");
        await _world.ScanAsync();
        var confirmed = (await _world.ReadAsync(payment.Details.Id)).State;
        (confirmed.Status, confirmed.Outcome).Should().Be((PaymentStatus.Confirmed, PaymentOutcome.Over));
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.amount_changed", "payment.amount_changed",
            "payment.confirmed");
    }

    [Fact]
    public async Task A_person_and_the_end_of_the_window_at_once_come_one_after_the_other()
    {
        for (var i = 0; i < 20; i++)
        {
            var payment = await _world.CreatePaymentAsync("10");
            await _world.PayAsync(payment, "4");
            await _world.ScanAsync();
            _world.Clock.Advance(TimeSpan.FromMinutes(61));
            await _world.MineAsync();
            await Task.WhenAll(AcceptAsync(payment), _world.ScanAsync());

            var state = (await _world.ReadAsync(payment.Details.Id)).State;
            (state.Status, state.Due, state.Late).Should().Be((PaymentStatus.Paid, RailWorld.Units("4"), false));
            string[] story = state.PaidFrom == PaymentStatus.Expired
                ? ["payment.created", "payment.partially_paid", "payment.expired", "payment.paid"]
                : ["payment.created", "payment.partially_paid", "payment.paid"];
            (await _world.EventsAsync(payment)).Should().Equal(story);
            (await _world.ScalarAsync<long>(
                $"select count(*) from order_claims where payment_id = '{payment.Details.Id}'")).Should().Be(1);
        }
    }

    [Fact]
    public async Task Several_cancels_scans_and_reorganisations_at_once_leave_one_dense_story()
    {
        var payments = new List<PaymentRecord>();
        for (var i = 0; i < 5; i++)
            payments.Add(await _world.CreatePaymentAsync("10"));
        await _world.MineAsync(2);
        await Task.WhenAll(payments.SelectMany(payment => new[]
        {
            TryCancelAsync(payment),
            TryCancelAsync(payment),
            _world.PayAsync(payment, "10"),
            _world.ScanAsync(),
            _world.ReorgAsync(1, drop: false),
        }));
        await _world.ScanAsync();

        foreach (var payment in payments)
        {
            var events = await _world.EventsAsync(payment);
            var state = (await _world.ReadAsync(payment.Details.Id)).State;
            state.Received.Should().Be(RailWorld.Units("10"));
            events.Count(type => type == "payment.canceled").Should().Be(
                state.Status == PaymentStatus.Canceled ? 1 : 0);
        }
    }

    [Fact]
    public async Task A_violation_of_finality_counts_for_operators()
    {
        var opened = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "kobbopay.payments.exceptions")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            lock (opened)
                opened.Add($"{count} {string.Join(' ', tags.ToArray().Select(tag => tag.Value))}");
        });
        listener.Start();
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.MineAsync(2);
        await _world.ScanAsync();
        await _world.ReorgAsync(3, drop: true);
        await _world.ScanAsync();

        (await _world.ScalarAsync<long>("select count(*) from exceptions where closed_at is null")).Should().Be(1);
        lock (opened)
            opened.Should().Contain("1 test finality_violated");
    }

    /// <summary>Time passes, and the chain tells of it.</summary>
    private async Task PassAsync(int minutes)
    {
        _world.Clock.Advance(TimeSpan.FromMinutes(minutes));
        await _world.MineAsync();
        await _world.ScanAsync();
    }

    private async Task<PaymentStatus> StatusAsync(PaymentRecord payment) =>
        (await _world.ReadAsync(payment.Details.Id)).State.Status;

    private async Task TryCancelAsync(PaymentRecord payment)
    {
        try
        {
            await ApplyAsync(payment, new PaymentInput.Cancel("key_1"));
        }
        catch (ProblemException refused) when (refused.Code == "payment_not_cancelable")
        {
            // Money or another cancel was there before.
        }
    }

    private Task AcceptAsync(PaymentRecord payment) => ApplyAsync(
        payment, new PaymentInput.Resolve(new Resolution(ResolutionAction.Accept, "key_1", "asked")));

    private Task ApplyAsync(PaymentRecord payment, PaymentInput input) => _world.Get<PaymentStore>().ChangeAsync(
        _world.Merchant,
        Id.Format(Id.Payment, payment.Details.Id),
        input,
        (_, _) => { },
        TestContext.Current.CancellationToken);
}
