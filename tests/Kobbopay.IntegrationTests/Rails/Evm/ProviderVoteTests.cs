using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Providers that show other chains.</summary>
public sealed class ProviderVoteTests
{
    [Fact]
    public async Task Agreement_is_asked_for_again_only_when_a_head_has_moved()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(2).Lag = 1;
        for (var i = 0; i < 4; i++)
            await providers.ChooseAsync();
        providers.Nodes.Select(node => node.CallsOf("eth_getBlockByNumber")).Should().Equal(5, 5);

        providers.GoOn(1);
        await providers.ChooseAsync();

        providers.Nodes.Select(node => node.CallsOf("eth_getBlockByNumber")).Should().Equal(7, 7);
    }

    [Fact]
    public async Task Who_has_the_same_newest_block_agrees_without_being_asked()
    {
        await using var providers = await Providers.StartAsync(3);

        await providers.ChooseAsync();

        providers.Nodes.Select(node => node.CallsOf("eth_getBlockByNumber")).Should().Equal(1, 1, 1);
    }

    [Fact]
    public async Task Newest_blocks_may_differ()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).DisagreesFrom = 45;

        (await providers.NumberAsync()).Should().Be(1);
    }

    [Fact]
    public async Task Most_of_them_are_right_and_the_other_comes_back_when_it_agrees()
    {
        await using var providers = await Providers.StartAsync(3);
        providers.TroubleOf(1).DisagreesFrom = 44;

        (await providers.NumberAsync()).Should().Be(2);
        (await providers.NumberAsync()).Should().Be(2);
        providers.States.Should().Equal(ProviderState.Disagreeing, ProviderState.Good, ProviderState.Good);
        providers.TakeLines().Where(line => line.StartsWith("Error", StringComparison.Ordinal)).Should().Equal(
            "Error: Provider 1 (127.0.0.1) of testnet shows another chain than others do");

        providers.TroubleOf(1).DisagreesFrom = null;
        (await providers.NumberAsync()).Should().Be(1);
    }

    [Fact]
    public async Task Two_that_disagree_stop_the_network_until_they_agree()
    {
        await using var providers = await Providers.StartAsync(2);
        (await providers.NumberAsync()).Should().Be(1);
        providers.TroubleOf(2).DisagreesFrom = 10;

        (await providers.FailureAsync()).Should().Be(ProviderException.Disagreement);
        providers.GoOn(5);
        (await providers.FailureAsync()).Should().Be(ProviderException.Disagreement);
        providers.States.Should().Equal(ProviderState.Disagreeing, ProviderState.Disagreeing);

        providers.TroubleOf(2).DisagreesFrom = null;
        (await providers.NumberAsync()).Should().Be(1);
        providers.States.Should().Equal(ProviderState.Good, ProviderState.Good);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Silence_is_no_agreement(int silent)
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(2).DisagreesFrom = 10;
        await providers.FailureAsync();

        providers.TroubleOf(silent).Fault = FakeEvmFault.Closed;

        for (var i = 0; i < 5; i++)
        {
            (await providers.FailureAsync()).Should().Be(ProviderException.Disagreement);
            providers.GoOn(10);
        }
    }

    [Fact]
    public async Task A_third_one_decides_for_good()
    {
        await using var providers = await Providers.StartAsync(3);
        providers.TroubleOf(1).DisagreesFrom = 10;
        providers.TroubleOf(2).Fault = FakeEvmFault.Closed;
        (await providers.FailureAsync()).Should().Be(ProviderException.Disagreement);

        providers.TroubleOf(2).Fault = FakeEvmFault.None;
        providers.GoOn(60);
        (await providers.NumberAsync()).Should().Be(2);

        providers.TroubleOf(2).Fault = FakeEvmFault.Closed;
        (await providers.NumberAsync()).Should().Be(3, "the first has lost");
        providers.TroubleOf(3).Fault = FakeEvmFault.Closed;
        (await providers.FailureAsync()).Should().Be(ProviderException.Disagreement, "only the first is left");
    }

    [Fact]
    public async Task Three_opinions_are_no_majority()
    {
        await using var providers = await Providers.StartAsync(3);
        providers.TroubleOf(1).DisagreesFrom = 10;
        providers.Chain.Reorg(30);
        providers.TroubleOf(2).DisagreesFrom = 30;

        (await providers.FailureAsync()).Should().Be(ProviderException.Disagreement);
    }

    [Fact]
    public async Task Who_fails_at_the_vote_has_none()
    {
        await using var providers = await Providers.StartAsync(3);
        await providers.ChooseAsync();
        providers.TroubleOf(2).Lag = 1;
        (providers.TroubleOf(3).Fault, providers.TroubleOf(3).FaultAfter) =
            (FakeEvmFault.Closed, providers.Nodes[2].Requests + 1);

        (await providers.NumberAsync()).Should().Be(1);

        providers.States.Should().Equal(ProviderState.Good, ProviderState.Good, ProviderState.Failing);
    }
}
