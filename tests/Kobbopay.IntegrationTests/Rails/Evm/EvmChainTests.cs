using System.Numerics;
using Kobbopay.LocalServers.Evm;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>The test kit itself: that a real node does what the rail's tests will ask of it.</summary>
public sealed class EvmChainTests : IAsyncLifetime
{
    private static readonly BigInteger Coin = BigInteger.Pow(10, 18);
    private readonly string payee = EvmChain.NewAddress();
    private EvmChain chain = null!;

    public async ValueTask InitializeAsync() => chain = await EvmChain.StartAsync();

    public ValueTask DisposeAsync() => chain.DisposeAsync();

    [Fact]
    public async Task A_transfer_is_a_log_in_the_block_of_its_receipt()
    {
        var paid = await chain.TransferAsync(EvmChain.Usdt, payee, 10_500_000);

        paid.Succeeded.Should().BeTrue();
        var log = (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().ContainSingle().Subject;
        log.Should().Be(new EvmTransferLog(
            EvmChain.Usdt.ToLowerInvariant(), chain.Payer, payee, 10_500_000,
            paid.TransactionHash, paid.BlockNumber, paid.BlockHash, LogIndex: 0));
        (await chain.BlockAsync(paid.BlockNumber)).Hash.Should().Be(paid.BlockHash);
        (await chain.TokenBalanceAsync(EvmChain.Usdt, payee)).Should().Be(10_500_000);
    }

    [Fact]
    public async Task A_reorganisation_drops_a_transfer_and_its_raw_transaction_brings_it_back()
    {
        var paid = await chain.TransferAsync(EvmChain.Usdc, payee, 7);
        var raw = await chain.RawTransactionAsync(paid.TransactionHash);
        await chain.MineAsync(2);
        var before = await chain.BlockAsync();

        await chain.ReorgAsync(3);

        (await chain.TransfersAsync(EvmChain.Usdc, payee)).Should().BeEmpty();
        (await chain.FindReceiptAsync(paid.TransactionHash)).Should().BeNull();
        var after = await chain.BlockAsync();
        after.Number.Should().Be(before.Number);
        after.Hash.Should().NotBe(before.Hash);

        await chain.CallAsync("eth_sendRawTransaction", raw);
        (await chain.ReceiptAsync(paid.TransactionHash)).BlockNumber.Should().Be(before.Number + 1);
    }

    [Fact]
    public async Task A_reorganisation_moves_a_transaction_into_another_block_under_another_log_index()
    {
        var other = await chain.TransferAsync(EvmChain.Usdt, EvmChain.NewAddress(), 1);
        var paid = await chain.TransferAsync(EvmChain.Usdt, payee, 5);

        await chain.ReorgAsync(
            2,
            new EvmMove(await chain.RawTransactionAsync(other.TransactionHash), 1),
            new EvmMove(await chain.RawTransactionAsync(paid.TransactionHash), 1));

        var log = (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().ContainSingle().Subject;
        log.TransactionHash.Should().Be(paid.TransactionHash);
        (log.BlockNumber, log.LogIndex).Should().Be((paid.BlockNumber, 1));
        log.BlockHash.Should().NotBe(paid.BlockHash);

        await chain.ReorgAsync(2, new EvmMove(await chain.RawTransactionAsync(other.TransactionHash), 0));
        (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_rollback_lowers_the_head()
    {
        await chain.TransferAsync(EvmChain.Usdt, payee, 5);
        var head = await chain.BlockNumberAsync();

        await chain.RollbackAsync(2);

        (await chain.BlockNumberAsync()).Should().Be(head - 2);
        (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().BeEmpty();
    }

    [Fact]
    public async Task Without_automining_a_transfer_waits_for_a_block()
    {
        await chain.SetAutomineAsync(false);
        var hash = await chain.SendTransferAsync(EvmChain.Usdt, payee, 5);
        (await chain.FindReceiptAsync(hash)).Should().BeNull();

        await chain.MineAsync();

        (await chain.ReceiptAsync(hash)).Succeeded.Should().BeTrue();
    }

    [Fact]
    public async Task Blocks_have_the_times_that_were_asked_for()
    {
        var head = await chain.BlockAsync();

        await chain.SetNextBlockTimeAsync(head.Timestamp.AddMinutes(1));
        await chain.MineAsync();
        (await chain.BlockAsync()).Timestamp.Should().Be(head.Timestamp.AddMinutes(1));

        await chain.MineAsync(3, TimeSpan.FromSeconds(12));
        (await chain.BlockAsync()).Timestamp.Should().BeOnOrAfter(head.Timestamp.AddSeconds(60 + 24));

        await chain.IncreaseTimeAsync(TimeSpan.FromDays(1));
        await chain.MineAsync();
        (await chain.BlockAsync()).Timestamp.Should().BeOnOrAfter(head.Timestamp.AddDays(1));
    }

    [Fact]
    public async Task Blocks_are_safe_two_below_the_head_and_final_four_below_it()
    {
        await chain.MineAsync(10);
        var head = await chain.BlockNumberAsync();

        (await chain.BlockAsync("safe")).Number.Should().Be(head - 2);
        (await chain.BlockAsync("finalized")).Number.Should().Be(head - 4);
    }

    [Fact]
    public async Task The_logs_of_a_long_chain_are_all_kept()
    {
        await chain.TransferAsync(EvmChain.Usdt, payee, 5);

        await chain.MineAsync(3_000);

        (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().ContainSingle();
    }

    [Fact]
    public async Task A_batch_pays_one_address_twice_in_one_transaction()
    {
        var token = await chain.DeployTokenAsync("DAI", decimals: 18);

        var paid = await chain.BatchAsync(token, [payee, EvmChain.NewAddress(), payee], 3 * Coin);

        var logs = await chain.TransfersAsync(token, payee);
        logs.Select(log => log.TransactionHash).Should().Equal(paid.TransactionHash, paid.TransactionHash);
        (await chain.TokenBalanceAsync(token, payee)).Should().Be(6 * Coin);
    }

    [Fact]
    public async Task A_fee_token_says_what_arrived()
    {
        var token = await chain.DeployTokenAsync("FEE", decimals: 6, "FeeToken");

        await chain.TransferAsync(token, payee, 1_000_000);

        (await chain.TransfersAsync(token, payee)).Should().ContainSingle().Which.Value.Should().Be(990_000);
        (await chain.TokenBalanceAsync(token, payee)).Should().Be(990_000);
    }

    [Fact]
    public async Task A_false_token_makes_thousands_of_logs_in_a_transaction()
    {
        var token = await chain.DeployAsync(EvmContracts.Creation("FalseToken"));
        string[] payees = [.. Enumerable.Range(0, 1_000).Select(_ => EvmChain.NewAddress())];

        var many = await chain.EmitManyAsync(token, payees, 5);
        var noise = await chain.EmitNoiseAsync(token, 10_000);

        var logs = await chain.TransfersAsync(token);
        logs.Where(log => log.TransactionHash == many.TransactionHash).Select(log => log.To).Should().Equal(payees);
        logs.Count(log => log.TransactionHash == noise.TransactionHash).Should().Be(10_000);
    }

    [Fact]
    public async Task A_transfer_of_more_than_there_is_fails_in_a_block_without_a_log()
    {
        var poor = chain.Accounts[1];

        var failed = await chain.TransferAsync(EvmChain.Usdt, payee, 5, from: poor);

        failed.Succeeded.Should().BeFalse();
        (await chain.TransfersAsync(EvmChain.Usdt, payee)).Should().BeEmpty();
    }

    [Fact]
    public async Task Coins_arrive_directly_and_through_a_contract()
    {
        await chain.TransferNativeAsync(payee, 2 * Coin);
        await chain.TransferInternallyAsync(payee, Coin);

        (await chain.BalanceAsync(payee)).Should().Be(3 * Coin);
    }

    [Fact]
    public async Task Transfers_that_are_sent_at_once_all_arrive()
    {
        var hashes = await Task.WhenAll(
            Enumerable.Range(1, 20).Select(units => chain.SendTransferAsync(EvmChain.Usdt, payee, units)));

        await Task.WhenAll(hashes.Select(chain.ReceiptAsync));
        (await chain.TokenBalanceAsync(EvmChain.Usdt, payee)).Should().Be(210);
    }

    [Fact]
    public async Task The_addresses_of_the_demo_merchants_key_have_no_coins()
    {
        foreach (var derived in (string[])
            ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"])
        {
            (await chain.BalanceAsync(derived)).Should().Be(BigInteger.Zero);
        }
    }
}
