using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Providers limit what can be asked for at once, each in its own way and words.</summary>
public sealed class RpcRangeTests : IAsyncLifetime
{
    private const string Contract = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

    private readonly FakeEvmChain _chain = new();
    private FakeEvmNode _node = null!;
    private EvmClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await FakeEvmNode.StartAsync(_chain);
        _client = new EvmClient(1, _node.Url, TimeProvider.System);
        for (var i = 0; i < 100; i++)
            _chain.AddBlock(FakeEvmTransaction.Token(Contract, RpcTests.Address(i), i));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_range_of_too_many_blocks_is_halved_and_the_good_size_is_kept()
    {
        _node.Trouble.RangeLimit = 30;

        await AllOf100Async();
        _node.CallsOf("eth_getLogs").Should().Be(6, "100 and 50 are refused, 25 is not");
        await AllOf100Async();
        _node.CallsOf("eth_getLogs").Should().Be(10);
    }

    [Fact]
    public async Task A_range_of_too_many_logs_is_halved()
    {
        _node.Trouble.LogLimit = 30;

        await AllOf100Async();
        _node.CallsOf("eth_getLogs").Should().Be(6);
    }

    [Fact]
    public async Task A_block_of_too_many_logs_is_the_providers_failure()
    {
        _node.Trouble.LogLimit = 0;
        var asking = () => _client.TransfersAsync(1, 100, null, CancellationToken.None);

        var failure = (await asking.Should().ThrowAsync<ProviderException>()).Which;

        failure.Kind.Should().Be(ProviderException.RpcError);
        failure.Code.Should().Be(-32005);
        failure.Message.Should().Be("Provider 1 (127.0.0.1): error -32005: query returned more than 0 results");
    }

    [Fact]
    public async Task Who_takes_small_batches_or_none_gets_what_it_takes()
    {
        foreach (var limit in new[] { 20, 1 })
        {
            _node.Trouble.BatchLimit = limit;

            var blocks = await _client.BlocksAsync(1, 100, withTransactions: false, CancellationToken.None);

            blocks.Select(block => block.Number).Should().Equal(Enumerable.Range(1, 100).Select(i => (long)i));
        }
    }

    [Fact]
    public async Task Who_takes_no_batches_is_asked_for_many_recipients_one_call_after_the_other()
    {
        _node.Trouble.BatchLimit = 1;
        string[] recipients = [.. Enumerable.Range(0, 1_200).Select(RpcTests.Address)];

        var transfers = await _client.TransfersAsync(1, 100, recipients, CancellationToken.None);

        transfers.Select(log => (int)log.Amount).Should().Equal(Enumerable.Range(0, 100));
        _node.CallsOf("eth_getLogs").Should().Be(6, "three were refused together");
    }

    [Fact]
    public async Task An_answer_of_many_logs_is_whole()
    {
        var logs = Enumerable.Range(0, 12_000)
            .Select(i => FakeEvmLog.Transfer(Contract, RpcTests.Address(i), RpcTests.Address(i + 1), i));
        var block = _chain.AddBlock(FakeEvmTransaction.Of([.. logs]));

        var transfers = await _client.TransfersAsync(block.Hash, null, CancellationToken.None);

        transfers.Select(log => (log.LogIndex, log.To, (int)log.Amount)).Should().Equal(
            Enumerable.Range(0, 12_000).Select(i => (i, RpcTests.Address(i + 1), i)));
    }

    private async Task AllOf100Async()
    {
        var transfers = await _client.TransfersAsync(1, 100, null, CancellationToken.None);
        transfers.Select(log => (int)log.Amount).Should().Equal(Enumerable.Range(0, 100));
    }
}
