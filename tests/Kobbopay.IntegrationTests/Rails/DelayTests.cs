using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>Chains that can't be read: what their payments say, and what never happens meanwhile.</summary>
public sealed class DelayTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ChainDelay Delay => _world.Get<ChainDelay>();

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_failing_provider_is_tolerated_for_its_rails_time_and_then_its_payments_are_delayed()
    {
        var payment = await _world.CreatePaymentAsync();
        var rail = new ScriptedRail();
        (await Delay.FailedAsync(rail, _world.ChainName, Token)).Should().Be(ChainTrouble.New);
        _world.Clock.Advance(TimeSpan.FromSeconds(29));
        (await Delay.FailedAsync(rail, _world.ChainName, Token)).Should().Be(ChainTrouble.Old);
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);
        (await _world.ReadAsync(payment.Details.Id)).Delayed.Should().BeFalse();

        _world.Clock.Advance(TimeSpan.FromSeconds(1));
        (await Delay.FailedAsync(rail, _world.ChainName, Token)).Should().Be(ChainTrouble.Delayed);
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);

        var delayed = await _world.ReadAsync(payment.Details.Id);
        (delayed.Delayed, delayed.State.Version, delayed.Progress).Should().Be((true, 1, 1));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created");
        (await _world.ScalarAsync<long>("select count(*) from outbox where message_type = 'PaymentProgressed'"))
            .Should().Be(1);
    }

    [Fact]
    public async Task A_chain_that_can_be_read_again_clears_the_delay_with_what_it_shows()
    {
        var paid = await _world.CreatePaymentAsync("10");
        var open = await _world.CreatePaymentAsync("10");
        await ProviderAsync(ProviderMode.Fail);
        await _world.PayAsync(paid, "10");
        await FailAsync();
        (await _world.ReadAsync(paid.Details.Id)).Delayed.Should().BeTrue();

        await ProviderAsync(ProviderMode.Ok);
        await _world.ScanAsync();
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);

        var after = await _world.ReadAsync(paid.Details.Id);
        (after.State.Status, after.Delayed).Should().Be((PaymentStatus.Paid, false));
        (await _world.ReadAsync(open.Details.Id)).Delayed.Should().BeFalse();
        (await SnapshotOfAsync("payment.paid")).Should().Contain("""
            "detection":{"delayed":false}
            """);
        (await _world.ScalarAsync<bool>("select delay_settled from chains")).Should().BeFalse();
        _world.Clock.Advance(TimeSpan.FromSeconds(31));
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);
        (await _world.ScalarAsync<bool>("select delay_settled and failing_since is null from chains"))
            .Should().BeTrue();
    }

    [Fact]
    public async Task A_payment_created_on_a_delayed_chain_is_delayed_from_its_first_answer_on()
    {
        await ProviderAsync(ProviderMode.Fail);
        await FailAsync();
        var payment = await _world.CreatePaymentAsync();
        payment.Delayed.Should().BeTrue();
        (await SnapshotOfAsync("payment.created")).Should().Contain("""
            "detection":{"delayed":true}
            """);

        await ProviderAsync(ProviderMode.Ok);
        await _world.ScanAsync();
        (await _world.CreatePaymentAsync()).Delayed.Should().BeFalse();
    }

    [Fact]
    public async Task A_provider_that_is_behind_delays_and_shows_nothing_newer()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync(3);
        await _world.ScanAsync();
        await ProviderAsync(ProviderMode.Delay);
        await _world.PayAsync(payment, "10");
        await _world.ReorgAsync(2, drop: false);
        await _world.MineAsync(3);
        await _world.ScanAsync();
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);

        var behind = await _world.ReadAsync(payment.Details.Id);
        (behind.State.Status, behind.Delayed).Should().Be((PaymentStatus.Pending, true));
        (await _world.ScalarAsync<long>("select block_number from chains")).Should().Be(2);

        _world.Clock.Advance(TimeSpan.FromMinutes(10));
        await _world.ScanAsync();
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);
        var caughtUp = await _world.ReadAsync(payment.Details.Id);
        (caughtUp.State.Status, caughtUp.Delayed).Should().Be((PaymentStatus.Confirmed, false));
    }

    [Fact]
    public async Task What_is_closed_is_never_delayed()
    {
        var canceled = await _world.CreatePaymentAsync("10");
        var expired = await _world.CreatePaymentAsync("10");
        await ProviderAsync(ProviderMode.Delay, TimeSpan.FromDays(1));
        await FailAsync();
        await _world.ScalarAsync<object>(
            $"update payments set status = 'Canceled', closed_at = now() where id = '{canceled.Details.Id}'; select 1");
        await ProviderAsync(ProviderMode.Ok);
        _world.Clock.Advance(TimeSpan.FromMinutes(61));
        await _world.MineAsync();
        await ProviderAsync(ProviderMode.Delay, TimeSpan.FromDays(1));
        await _world.ScanAsync();
        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);

        var state = await _world.ReadAsync(expired.Details.Id);
        (state.State.Status, state.Delayed).Should().Be((PaymentStatus.Expired, false));
        (await SnapshotOfAsync("payment.expired")).Should().Contain("""
            "detection":{"delayed":false}
            """);
    }

    [Fact]
    public async Task Many_payments_are_told_batch_by_batch()
    {
        await _world.CreatePaymentAsync();
        await _world.ScalarAsync<long>($$"""
            with copies as (
              insert into payments
              select (jsonb_populate_record(p, jsonb_build_object(
                'id', gen_random_uuid(), 'deposit_address', 'a' || n, 'public_token', 't' || n))).*
              from payments p, generate_series(1, {{ChainDelay.BatchLimit}}) n
              returning 1)
            select count(*) from copies
            """);
        await Delay.FailedAsync(_world.Get<RailCatalog>().Of(SimulatorRail.Name), _world.ChainName, Token);

        (await Delay.SettleAsync(SimulatorRail.Name, 100, Token)).Should().BeTrue();
        (await Delay.SettleAsync(SimulatorRail.Name, 100, Token)).Should().BeFalse();

        (await _world.ScalarAsync<long>("select count(*) from payments where not delayed or progress <> 1")).Should()
            .Be(0);
    }

    [Fact]
    public async Task Money_that_was_on_time_pays_on_time_though_it_is_seen_after_the_window()
    {
        var payment = await _world.CreatePaymentAsync("10");
        await _world.MineAsync();
        await _world.ScanAsync();
        await ProviderAsync(ProviderMode.Fail, TimeSpan.FromHours(3));
        await _world.PayAsync(payment, "10");
        _world.Clock.Advance(TimeSpan.FromHours(2));
        await _world.MineAsync();
        await FailAsync();
        (await _world.ReadAsync(payment.Details.Id)).State.Status.Should().Be(PaymentStatus.Pending);

        _world.Clock.Advance(TimeSpan.FromHours(2));
        await _world.ScanAsync();

        var state = (await _world.ReadAsync(payment.Details.Id)).State;
        (state.Status, state.Late).Should().Be((PaymentStatus.Paid, false));
        (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.paid");
    }

    private Task<SimulatorHead> ProviderAsync(ProviderMode mode, TimeSpan? time = null)
    {
        DateTimeOffset? until = mode == ProviderMode.Ok
            ? null
            : _world.Clock.GetUtcNow() + (time ?? TimeSpan.FromMinutes(5));
        return _world.Chain.SetProviderAsync(_world.ChainName, mode, until, Token);
    }

    /// <summary>A scan as the scanner makes it.</summary>
    private async Task FailAsync()
    {
        try
        {
            await _world.ScanAsync();
        }
        catch (RailUnavailableException)
        {
            await Delay.FailedAsync(_world.Get<RailCatalog>().Of(SimulatorRail.Name), _world.ChainName, Token);
        }

        await Delay.SettleAsync(SimulatorRail.Name, 100, Token);
    }

    private Task<string> SnapshotOfAsync(string type) => _world.ScalarAsync<string>(
        $"select convert_from(snapshot, 'utf8') from pending_events where type = '{type}' order by position limit 1");
}
