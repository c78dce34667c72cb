using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.LocalServers;

public sealed class AnvilServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_kept_chain_comes_back_with_its_blocks_and_logs_after_a_stop()
    {
        await using var chain = await EvmChain.StartAsync(isKept: true);
        var payee = EvmChain.NewAddress();
        var paid = await chain.TransferAsync(EvmChain.Usdt, payee, 5);
        await chain.MineAsync(300);
        var head = await chain.BlockAsync();
        var url = chain.Url;

        await chain.StopAsync();
        await chain.StartAgainAsync();

        chain.Url.Should().Be(url);
        (await chain.BlockAsync()).Should().Be(head);
        (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().ContainSingle()
            .Which.BlockHash.Should().Be(paid.BlockHash);
        (await chain.TokenBalanceAsync(EvmChain.Usdt, payee)).Should().Be(5);
        await chain.TransferAsync(EvmChain.Usdt, payee, 5);
        (await chain.BlockAsync()).ParentHash.Should().Be(head.Hash);
    }

    [Fact]
    public async Task A_chain_that_is_not_kept_begins_anew()
    {
        await using var chain = await EvmChain.StartAsync();
        await chain.MineAsync(300);

        await chain.KillAsync();
        await chain.StartAgainAsync();

        (await chain.BlockNumberAsync()).Should().BeLessThan(10);
    }

    [Fact]
    public async Task Blocks_come_by_the_clock()
    {
        await using var chain = await EvmChain.StartAsync(blockTime: TimeSpan.FromSeconds(1));
        var head = await chain.BlockNumberAsync();

        await Eventually.GetAsync(chain.BlockNumberAsync, number => number >= head + 2);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        await using var chain = await EvmChain.StartAsync();

        var second = () => AnvilServer.StartAsync(
            new AnvilSettings(Servers.NewFolder("anvil")) { Port = chain.Url.Port }, Token);

        (await second.Should().ThrowAsync<LocalServerException>()).WithMessage("anvil did not start*in use*");
    }
}
