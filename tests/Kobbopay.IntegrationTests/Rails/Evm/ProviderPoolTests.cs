using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

public sealed class ProviderPoolTests
{
    [Fact]
    public async Task The_first_in_order_is_chosen_and_one_provider_costs_one_call()
    {
        await using var providers = await Providers.StartAsync(1);

        for (var i = 0; i < 3; i++)
        {
            var chosen = await providers.ChooseAsync();
            chosen.Client.Number.Should().Be(1);
            chosen.Head.Hash.Should().Be(providers.Chain.Blocks[^1].Hash);
            chosen.Behind.Should().BeFalse();
            providers.GoOn(1);
        }

        providers.Nodes[0].Calls.Should().BeEquivalentTo(
            new Dictionary<string, int> { ["eth_chainId"] = 1, ["eth_getBlockByNumber"] = 3 });
        providers.TakeLines().Should().Equal("Information: Provider 1 (127.0.0.1) of testnet can be read from");
    }

    [Fact]
    public async Task A_provider_that_fails_the_reader_is_left_alone_for_a_while()
    {
        await using var providers = await Providers.StartAsync(2);
        var chosen = await providers.ChooseAsync();

        providers.Pool.Failed(chosen.Client, new ProviderException(ProviderException.Malformed, "nonsense"));

        (await providers.NumberAsync()).Should().Be(2);
        providers.Pool.States[0].Should().Be(new ProviderStatus(
            1, "127.0.0.1", ProviderState.Failing, 50, providers.Clock.GetUtcNow(), "malformed"));
        providers.Clock.Advance(TimeSpan.FromSeconds(1));
        (await providers.NumberAsync()).Should().Be(1);
        providers.Nodes[0].CallsOf("eth_chainId").Should().Be(2, "it may be another node now");
    }

    [Fact]
    public async Task It_is_left_alone_twice_as_long_each_time_but_a_minute_at_most()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).Fault = FakeEvmFault.Unavailable;

        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            (await providers.NumberAsync()).Should().Be(2);
            var requests = providers.Nodes[0].Requests;
            providers.Clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            (await providers.NumberAsync()).Should().Be(2);
            providers.Nodes[0].Requests.Should().Be(requests, $"it is left alone for {seconds} s");
            providers.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        providers.TakeLines().Should().BeEquivalentTo(
            "Warning: Provider 1 (127.0.0.1) of testnet fails with unreachable and is left alone: "
            + "Provider 1 (127.0.0.1): HTTP 503",
            "Information: Provider 2 (127.0.0.1) of testnet can be read from");
        providers.TroubleOf(1).Fault = FakeEvmFault.None;
        (await providers.NumberAsync()).Should().Be(1);
        providers.Clock.Advance(TimeSpan.FromMinutes(3));
        providers.TroubleOf(1).Fault = FakeEvmFault.Unavailable;
        (await providers.NumberAsync()).Should().Be(2);
        providers.TroubleOf(1).Fault = FakeEvmFault.None;
        providers.Clock.Advance(TimeSpan.FromSeconds(1));
        (await providers.NumberAsync()).Should().Be(1, "the old failures are forgiven");
    }

    [Fact]
    public async Task Who_says_when_to_come_again_is_left_alone_until_then()
    {
        await using var providers = await Providers.StartAsync(1);
        (providers.TroubleOf(1).Fault, providers.TroubleOf(1).RetryAfter) = (FakeEvmFault.TooManyRequests, "25");
        (await providers.FailureAsync()).Should().Be(ProviderException.NoProvider);
        providers.TroubleOf(1).Fault = FakeEvmFault.None;

        providers.Clock.Advance(TimeSpan.FromSeconds(24));
        (await providers.FailureAsync()).Should().Be(ProviderException.NoProvider);
        providers.Nodes[0].Requests.Should().Be(1);
        providers.Clock.Advance(TimeSpan.FromSeconds(1));
        (await providers.NumberAsync()).Should().Be(1);
    }

    [Fact]
    public async Task What_nobody_can_be_read_from_is_said_with_the_reasons()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).Fault = FakeEvmFault.Closed;
        providers.TroubleOf(2).ChainId = 1;
        var choosing = providers.ChooseAsync;

        (await choosing.Should().ThrowAsync<ProviderException>()).Which.Message.Should().Be(
            "No provider of testnet can be read from: 1 unreachable, 2 wrong_chain");
    }

    [Fact]
    public async Task A_provider_of_another_chain_is_put_aside_and_asked_again_every_minute()
    {
        await using var providers = await Providers.StartAsync(2);
        providers.TroubleOf(1).ChainId = 56;

        (await providers.NumberAsync()).Should().Be(2);
        providers.States.Should().Equal(ProviderState.WrongChain, ProviderState.Good);
        providers.TakeLines().Should().Contain(
            "Error: Provider 1 (127.0.0.1) of testnet is not of this network. Its chain is 56, that of testnet 31337");
        providers.TroubleOf(1).ChainId = null;
        providers.Clock.Advance(TimeSpan.FromSeconds(59));
        (await providers.NumberAsync()).Should().Be(2);
        providers.Nodes[0].Calls.Should().BeEquivalentTo(new Dictionary<string, int> { ["eth_chainId"] = 1 });
        providers.Clock.Advance(TimeSpan.FromSeconds(1));
        (await providers.NumberAsync()).Should().Be(1);
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_holds_up_the_others_no_longer_than_their_patience()
    {
        await using var providers = await Providers.StartAsync(2);
        await providers.ChooseAsync();
        providers.TroubleOf(1).Fault = FakeEvmFault.Hanging;
        var requests = providers.Nodes[0].Requests;

        var choosing = providers.NumberAsync();
        await Eventually.TrueAsync(() => providers.Nodes[0].Requests > requests);
        await Eventually.TrueAsync(() =>
        {
            // The time begins when the other's answer has been read, which can't be seen.
            providers.Clock.Advance(TimeSpan.FromMilliseconds(100));
            return choosing.IsCompleted;
        });

        (await choosing).Should().Be(2);
        providers.Pool.States[0].Failure.Should().Be(ProviderException.Timeout);
    }

    [Fact]
    public async Task The_states_are_a_metric()
    {
        await using var providers = await Providers.StartAsync(3);
        providers.Measure().Should().Equal("testnet 1 unknown", "testnet 2 unknown", "testnet 3 unknown");
        providers.TroubleOf(1).Fault = FakeEvmFault.Closed;
        providers.TroubleOf(2).Lag = 30;

        (await providers.NumberAsync()).Should().Be(3);

        providers.Measure().Should().Equal("testnet 1 failing", "testnet 2 lagging", "testnet 3 good");
    }
}
