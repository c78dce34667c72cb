using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>The end of a payment's window, by the chain's own time.</summary>
public sealed class ExpiryTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_payment_expires_when_the_chain_has_passed_its_window_and_not_when_the_clock_has()
    {
        var payment = await _world.CreatePaymentAsync();
        await _world.MineAsync();
        _world.Clock.Advance(TimeSpan.FromMinutes(90));
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);

        await _world.MineAsync();
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Expired);
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.expired");
        (await _world.ScalarAsync<long>("select count(*) from order_claims")).Should().Be(0);
    }

    [Fact]
    public async Task Expiry_never_overtakes_money_that_was_on_time()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        _world.Clock.Advance(TimeSpan.FromHours(2));
        await _world.MineAsync(150);
        await _world.ScanAsync();

        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid", "payment.confirmed");
        (await _world.ReadAsync(payment.Details.Id)).State.Late.Should().BeFalse();
    }

    [Fact]
    public async Task Money_within_the_late_window_pays_late_whether_or_not_the_expiry_was_seen_before()
    {
        var seen = await _world.CreatePaymentAsync("10");
        var unseen = await _world.CreatePaymentAsync("10");
        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.MineAsync();
        await _world.ScanAsync();
        await _world.PayAsync(seen, "10");
        await _world.ScanAsync();

        // The second one's whole story comes in one scan.
        await using var other = await RailWorld.CreateAsync();
        unseen = await other.CreatePaymentAsync("10");
        other.Clock.Advance(TimeSpan.FromMinutes(61));
        await other.PayAsync(unseen, "10");
        await other.ScanAsync();

        string[] story = ["payment.created", "payment.expired", "payment.late_transfer", "payment.paid"];
        (await _world.EventsAsync(seen)).Should().Equal(story);
        (await other.EventsAsync(unseen)).Should().Equal(story);
        (await _world.ReadAsync(seen.Details.Id)).State.Late.Should().BeTrue();
    }

    [Fact]
    public async Task Money_after_the_late_window_is_recorded_and_after_seven_days_not_watched()
    {
        var payment = await _world.CreatePaymentAsync("10");
        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.MineAsync();
        await _world.ScanAsync();
        _world.Clock.Advance(TimeSpan.FromDays(6));
        await _world.PayAsync(payment, "4");
        await _world.ScanAsync();
        _world.Clock.Advance(TimeSpan.FromDays(2));
        await _world.PayAsync(payment, "5");
        await _world.ScanAsync();

        var state = (await _world.ReadAsync(payment.Details.Id)).State;
        (state.Status, state.Received).Should().Be((PaymentStatus.Expired, RailWorld.Units("4")));
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.expired", "payment.late_transfer");
    }

    [Fact]
    public async Task More_payments_than_a_batch_expire_batch_by_batch()
    {
        var first = await _world.CreatePaymentAsync();
        await _world.ScalarAsync<long>($$"""
            with copies as (
              insert into payments
              select (jsonb_populate_record(p, jsonb_build_object(
                'id', gen_random_uuid(), 'deposit_address', 'a' || n, 'public_token', 't' || n))).*
              from payments p, generate_series(1, {{ExpirePayments.BatchLimit}}) n
              returning 1)
            select count(*) from copies
            """);
        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.MineAsync();

        (await _world.ScanOnceAsync()).Should().BeTrue();
        await _world.ScanAsync();

        (await _world.ScalarAsync<long>("select count(*) from payments where status <> 'Expired'")).Should().Be(0);
        (await _world.EventsAsync(first)).Should().Equal("payment.created", "payment.expired");
    }
}
