using Kobbopay.Payments.Domain;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>The sandbox's own clock, below its routes.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Expiry_and_late_windows_follow_the_advanced_clock()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await AdvanceAsync(TimeSpan.FromMinutes(61));
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Expired);

        await AdvanceAsync(TimeSpan.FromMinutes(50));
        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        var paid = (await _world.ReadAsync(payment.Details.Id)).State;
        (paid.Status, paid.Late).Should().Be((PaymentStatus.Paid, true));
    }

    [Fact]
    public async Task A_payment_created_after_the_clock_was_advanced_has_its_whole_window()
    {
        await _world.CreatePaymentAsync("10");
        await AdvanceAsync(TimeSpan.FromDays(40));
        var payment = await _world.CreatePaymentAsync("10");
        payment.State.Terms.ExpiresAt.Should().Be(
            payment.State.Terms.CreatedAt + TimeSpan.FromDays(40) + TimeSpan.FromHours(1));

        await _world.MineAsync();
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);
        await AdvanceAsync(TimeSpan.FromHours(2));
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Expired);
    }

    [Fact]
    public async Task A_closed_payment_is_watched_for_seven_days_of_its_chain_however_far_the_clock_is_ahead()
    {
        await AdvanceAsync(TimeSpan.FromDays(30));
        var payment = await _world.CreatePaymentAsync("10");
        await AdvanceAsync(TimeSpan.FromHours(2));
        await _world.ScanAsync();
        await AdvanceAsync(TimeSpan.FromDays(6));
        await _world.PayAsync(payment, "4");
        await _world.ScanAsync();
        await AdvanceAsync(TimeSpan.FromDays(2));
        await _world.PayAsync(payment, "5");
        await _world.ScanAsync();

        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.expired", "payment.late_transfer");
    }

    [Fact]
    public async Task The_grace_of_a_reverted_payment_passes_with_the_clock()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.PayAsync(payment, "10");
        await _world.ScanAsync();
        await _world.ReorgAsync(1, drop: true);
        await _world.ScanAsync();
        await AdvanceAsync(TimeSpan.FromMinutes(29));
        await AdvanceAsync(TimeSpan.FromMinutes(30));
        await _world.ScanAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);

        await AdvanceAsync(TimeSpan.FromMinutes(2));
        await _world.ScanAsync();
        (await _world.EventsAsync(payment)).Should().Equal(
            "payment.created", "payment.paid", "payment.reverted", "payment.expired");
    }

    [Fact]
    public async Task Block_time_never_goes_back()
    {
        var ahead = await _world.MineAsync();
        await AdvanceAsync(TimeSpan.FromHours(1));
        await _world.ScalarAsync<object>("update merchant_settings set clock_offset = '0'; select 1");
        (await _world.MineAsync()).Time.Should().Be(ahead.Time + TimeSpan.FromHours(1));
        _world.Clock.Advance(TimeSpan.FromHours(2));
        (await _world.MineAsync()).Time.Should().Be(ahead.Time + TimeSpan.FromHours(2));
    }

    [Fact]
    public async Task Advances_at_once_add_up_and_each_tells_the_other_services()
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AdvanceAsync(TimeSpan.FromHours(1))));

        (await _world.ScalarAsync<TimeSpan>("select clock_offset from merchant_settings"))
            .Should().Be(TimeSpan.FromHours(10));
        (await _world.ScalarAsync<int>("select version from merchant_settings")).Should().Be(11);
        (await _world.ScalarAsync<long>("select count(*) from outbox where message_type = 'SandboxClockAdvanced'"))
            .Should().Be(10);
        (await _world.ScalarAsync<DateTime>("select head_time from simulator_chains"))
            .Should().Be((_world.Clock.GetUtcNow() + TimeSpan.FromHours(10)).UtcDateTime);
    }

    private async Task AdvanceAsync(TimeSpan by) =>
        (await _world.Chain.AdvanceAsync(_world.ChainName, by, TestContext.Current.CancellationToken))
            .Should().NotBeNull();
}
