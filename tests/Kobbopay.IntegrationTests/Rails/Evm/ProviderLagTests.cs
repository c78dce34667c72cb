using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Providers whose newest blocks are not those of the others.</summary>
public sealed class ProviderLagTests
{
    [Fact]
    public async Task A_few_blocks_are_no_lag()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).Lag = 3;

        for (var i = 0; i < 30; i++)
        {
            var chosen = await providers.ChooseAsync();
            chosen.Client.Number.Should().Be(1);
            chosen.Behind.Should().BeFalse();
            providers.GoOn(1);
        }
    }

    [Fact]
    public async Task A_provider_that_lags_is_passed_over_and_after_a_while_put_aside()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).Lag = 5;

        (await providers.NumberAsync()).Should().Be(2);
        providers.GoOn(15);
        (await providers.NumberAsync()).Should().Be(2);
        providers.States.Should().Equal(ProviderState.Good, ProviderState.Good);
        providers.GoOn(1);
        (await providers.NumberAsync()).Should().Be(2);
        providers.States.Should().Equal(ProviderState.Lagging, ProviderState.Good);
        providers.TakeLines().Should().Contain("Warning: Provider 1 (127.0.0.1) of testnet is 5 blocks behind");

        providers.TroubleOf(1).Lag = 0;
        (await providers.NumberAsync()).Should().Be(1);
    }

    [Fact]
    public async Task A_lag_that_is_made_up_for_in_time_is_forgotten()
    {
        await using var providers = await Providers.StartAsync(2);
        foreach (var lag in new[] { 5, 0, 5 })
        {
            providers.TroubleOf(1).Lag = lag;
            await providers.ChooseAsync();
            providers.GoOn(14);
        }

        await providers.ChooseAsync();

        providers.States.Should().Equal(ProviderState.Good, ProviderState.Good);
    }

    [Fact]
    public async Task A_provider_that_is_far_behind_is_put_aside_at_once()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).Lag = 21;

        (await providers.NumberAsync()).Should().Be(2);

        providers.States.Should().Equal(ProviderState.Lagging, ProviderState.Good);
    }

    [Fact]
    public async Task Who_alone_is_left_is_read_from_and_known_to_be_behind()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).Lag = 30;
        (await providers.ChooseAsync()).Behind.Should().BeFalse();
        providers.TroubleOf(2).Fault = FakeEvmFault.Closed;

        var chosen = await providers.ChooseAsync();

        (chosen.Client.Number, chosen.Behind, chosen.Head.Number).Should().Be((1, true, 20));
    }

    [Fact]
    public async Task One_providers_boast_does_not_put_two_others_aside()
    {
        await using var providers = await Providers.StartAsync(3);
        providers.TroubleOf(1).Boast = 1_000_000;

        var chosen = await providers.ChooseAsync();

        (chosen.Client.Number, chosen.Behind, chosen.Head.Number).Should().Be((2, false, 50));
        providers.States.Should().Equal(ProviderState.Disagreeing, ProviderState.Good, ProviderState.Good);
        providers.TroubleOf(1).Boast = 0;
        (await providers.NumberAsync()).Should().Be(1);
    }

    [Fact]
    public async Task A_chain_that_begins_again_is_not_behind_itself()
    {
        await using var providers = await Providers.StartAsync(2);
        await providers.ChooseAsync();
        (providers.TroubleOf(1).Lag, providers.TroubleOf(2).Lag) = (40, 40);

        var chosen = await providers.ChooseAsync();

        (chosen.Client.Number, chosen.Behind, chosen.Head.Number).Should().Be((1, false, 10));
    }
}
