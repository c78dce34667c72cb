using System.Globalization;
using System.Numerics;
using System.Text;
using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>What a provider that means well is asked, and what is made of its answers.</summary>
public sealed class RpcTests : IAsyncLifetime
{
    private const string Contract = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    private readonly FakeEvmChain _chain = new();
    private FakeEvmNode _node = null!;
    private EvmClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await FakeEvmNode.StartAsync(_chain);
        _client = new EvmClient(1, _node.Url, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_chain_has_a_number_a_newest_block_and_a_final_one()
    {
        _chain.AddBlocks(9);
        (await _client.FinalizedAsync(CancellationToken.None)).Should().BeNull("there is none yet");
        _chain.Finalized = 7;

        var newest = _chain.Blocks[^1];
        (await _client.ChainIdAsync(CancellationToken.None)).Should().Be(31337);
        (await _client.LatestAsync(CancellationToken.None)).Should().BeEquivalentTo(
            new EvmBlock(9, newest.Hash, newest.ParentHash, newest.Time, []));
        (await _client.FinalizedAsync(CancellationToken.None)).Should().Be(7);
        _node.Trouble.KnowsFinalized = false;
        (await _client.FinalizedAsync(CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task Blocks_come_in_few_requests_and_end_where_the_provider_has_no_more()
    {
        var payer = FakeEvmTransaction.Native(Address(1), 3 * Ether);
        _chain.AddBlock(payer, FakeEvmTransaction.Token(Contract, Address(2), 5));
        _chain.AddBlocks(79);

        var blocks = await _client.BlocksAsync(1, 120, withTransactions: true, CancellationToken.None);

        blocks.Select(block => block.Hash).Should().Equal(_chain.Blocks.Skip(1).Select(block => block.Hash));
        blocks[0].Transactions.Should().Equal(new EvmTransaction(payer.Hash, 0, Address(1), 3 * Ether));
        blocks.Skip(1).Should().OnlyContain(block => block.Transactions.Count == 0);
        _node.Requests.Should().Be(2);
        (await _client.BlocksAsync(1, 1, withTransactions: false, CancellationToken.None)).Single()
            .Transactions.Should().BeEmpty();
        (await _client.BlocksAsync(81, 90, withTransactions: true, CancellationToken.None)).Should().BeEmpty();
    }

    [Fact]
    public async Task Transfers_are_found_by_height_and_by_the_block_itself()
    {
        _chain.AddBlock(FakeEvmTransaction.Token(Contract, Address(1), 10));
        var second = _chain.AddBlock(
            FakeEvmTransaction.Of(
                FakeEvmLog.Nft(Contract, Address(8), Address(1), 77),
                FakeEvmLog.Transfer(Contract, Address(8), Address(1), 20),
                FakeEvmLog.Transfer(Contract, Address(8), Address(2), BigInteger.Pow(2, 256) - 1)),
            FakeEvmTransaction.Token(Contract, Address(3), 0));

        var all = await _client.TransfersAsync(0, 2, null, CancellationToken.None);
        var some = await _client.TransfersAsync(second.Hash, [Address(2)], CancellationToken.None);

        all.Select(log => (log.BlockNumber, log.TxIndex, log.LogIndex, log.To, log.Amount)).Should().Equal(
            (1, 0, 0, Address(1), 10),
            (2, 0, 1, Address(1), 20),
            (2, 0, 2, Address(2), BigInteger.Pow(2, 256) - 1),
            (2, 1, 3, Address(3), 0));
        some.Should().Equal(new EvmLog(
            Contract, second.Hash, 2, second.Transactions[0].Hash, 0, 2, Address(8), Address(2),
            BigInteger.Pow(2, 256) - 1, Removed: false));
    }

    [Fact]
    public async Task More_recipients_than_one_call_takes_are_asked_for_in_several_of_one_request()
    {
        string[] recipients = [.. Enumerable.Range(0, 1_200).Select(Address)];
        _chain.AddBlock([.. new[] { 1_199, 600, 0, 5_000 }
            .Select(i => FakeEvmTransaction.Token(Contract, Address(i), i))]);

        var transfers = await _client.TransfersAsync(0, 5, recipients, CancellationToken.None);

        transfers.Select(log => log.Amount).Should().Equal(1_199, 600, 0);
        _node.CallsOf("eth_getLogs").Should().Be(3);
        _node.Requests.Should().Be(1);
        (await _client.TransfersAsync(0, 5, [], CancellationToken.None)).Should().BeEmpty();
        _node.Requests.Should().Be(1, "nobody is asked about nobody");
    }

    [Fact]
    public async Task Receipts_tell_which_transactions_have_succeeded()
    {
        var good = FakeEvmTransaction.Native(Address(1), Ether);
        var bad = FakeEvmTransaction.Native(Address(1), Ether) with { Succeeds = false };
        _chain.AddBlock(good, bad);
        var more = Enumerable.Range(0, 70).Select(_ => FakeEvmTransaction.Native(Address(2), 1)).ToList();
        _chain.AddBlock([.. more]);
        var hashes = more.ConvertAll(transaction => transaction.Hash);

        (await _client.SucceededAsync([good.Hash, bad.Hash, good.Hash, .. hashes], CancellationToken.None))
            .Should().BeEquivalentTo([good.Hash, .. hashes]);
        _node.Requests.Should().Be(2);
        (await _client.SucceededAsync([], CancellationToken.None)).Should().BeEmpty();
    }

    [Fact]
    public async Task Balances_are_those_after_a_block_and_may_come_from_nowhere()
    {
        _chain.AddBlock(FakeEvmTransaction.Native(Address(1), Ether));
        _chain.AddBlocks(1);
        _chain.Credit(Address(1), 5);
        _chain.AddBlocks(1);

        (await _client.BalanceAsync(Address(1), 0, CancellationToken.None)).Should().Be(0);
        (await _client.BalanceAsync(Address(1), 1, CancellationToken.None)).Should().Be(Ether);
        (await _client.BalanceAsync(Address(1), 3, CancellationToken.None)).Should().Be(Ether + 5);
    }

    [Fact]
    public async Task A_token_has_code_and_says_its_decimals()
    {
        _chain.AddToken(Contract, 6);

        (await _client.CodeExistsAsync(Contract, CancellationToken.None)).Should().BeTrue();
        (await _client.DecimalsAsync(Contract, CancellationToken.None)).Should().Be(6);
        (await _client.CodeExistsAsync(Address(1), CancellationToken.None)).Should().BeFalse();
        (await _client.DecimalsAsync(Address(1), CancellationToken.None)).Should().BeNull();
        _node.Trouble.Errors["eth_call"] = (3, "execution reverted");
        (await _client.DecimalsAsync(Contract, CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task The_credentials_of_the_URL_are_sent_as_such()
    {
        var url = new UriBuilder(_node.Url) { UserName = "us", Password = "p%40ss" }.Uri;
        using var client = new EvmClient(1, url, TimeProvider.System);

        await client.LatestAsync(CancellationToken.None);

        _node.Headers["Authorization"].Should().Be(
            "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("us:p@ss")));
        _node.Headers.Should().NotContainKey("traceparent").And.NotContainKey("Cookie");
        _node.Headers["Accept-Encoding"].Should().Be("gzip, br");
    }

    internal static string Address(int number) =>
        "0x" + number.ToString("x40", CultureInfo.InvariantCulture);
}
