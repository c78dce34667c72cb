using System.Diagnostics;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>
/// What becomes of the answers of a provider that misbehaves: each a failure of its kind, and none believed.
/// </summary>
public sealed class RpcTroubleTests : IAsyncLifetime
{
    private const string Contract = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeEvmChain _chain = new();
    private FakeEvmNode _node = null!;
    private EvmClient _client = null!;

    private FakeEvmTrouble Trouble => _node.Trouble;

    public async ValueTask InitializeAsync()
    {
        _node = await FakeEvmNode.StartAsync(_chain);
        _client = new EvmClient(1, _node.Url, _clock);
        for (var i = 0; i < 20; i++)
            _chain.AddBlock(FakeEvmTransaction.Token(Contract, RpcTests.Address(i), i));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Theory]
    [InlineData(FakeEvmFault.Unavailable, "unreachable", "HTTP 503")]
    [InlineData(FakeEvmFault.Closed, "unreachable", null)]
    [InlineData(FakeEvmFault.Truncated, "unreachable", null)]
    [InlineData(FakeEvmFault.Malformed, "malformed", "no JSON as it should be")]
    [InlineData(FakeEvmFault.Half, "malformed", "no JSON as it should be")]
    [InlineData(FakeEvmFault.OtherIds, "malformed", "an answer to another call")]
    [InlineData(FakeEvmFault.Incomplete, "malformed", "a call without an answer")]
    [InlineData(FakeEvmFault.Endless, "too_large", "the answer is too large")]
    [InlineData(FakeEvmFault.EndlessPacked, "too_large", "the answer is too large")]
    public async Task An_answer_that_is_none_is_a_failure_of_its_kind(FakeEvmFault fault, string kind, string? reason)
    {
        Trouble.Fault = fault;

        // One block of its own is not halved.
        var failure = await FailureAsync(kind == "too_large"
            ? _client.LatestAsync(CancellationToken.None)
            : _client.BlocksAsync(1, 2, withTransactions: true, CancellationToken.None));

        failure.Kind.Should().Be(kind);
        if (reason is not null)
            failure.Message.Should().Be($"Provider 1 (127.0.0.1): {reason}");
    }

    [Theory]
    [InlineData(FakeEvmFault.Hanging)]
    [InlineData(FakeEvmFault.Trickling)]
    public async Task An_answer_that_takes_too_long_is_a_time_out(FakeEvmFault fault)
    {
        Trouble.Fault = fault;

        var asking = _client.LatestAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => _node.Requests == 1);
        _clock.Advance(TimeSpan.FromSeconds(10));

        (await FailureAsync(asking)).Kind.Should().Be(ProviderException.Timeout);
    }

    [Fact]
    public async Task Who_no_longer_wants_an_answer_is_not_told_of_a_failure()
    {
        Trouble.Fault = FakeEvmFault.Hanging;
        using var stopping = new CancellationTokenSource();

        var asking = _client.LatestAsync(stopping.Token);
        await Eventually.TrueAsync(() => _node.Requests == 1);
        await stopping.CancelAsync();

        var waiting = () => asking;
        await waiting.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Nobody_at_the_address_is_unreachable()
    {
        var gone = await FakeEvmNode.StartAsync(_chain);
        using var client = new EvmClient(3, gone.Url, _clock);
        await gone.DisposeAsync();

        var failure = await FailureAsync(client.LatestAsync(CancellationToken.None));

        failure.Kind.Should().Be(ProviderException.Unreachable);
        failure.Message.Should().Be("Provider 3 (127.0.0.1): ConnectionError, ConnectionRefused");
    }

    [Theory]
    [InlineData("30", 30)]
    [InlineData("Sat, 01 Jan 2000 00:00:12 GMT", 12)]
    [InlineData("Sat, 01 Jan 2000 00:00:00 GMT", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public async Task Too_many_requests_say_when_to_come_again(string? retryAfter, int? seconds)
    {
        (Trouble.Fault, Trouble.RetryAfter) = (FakeEvmFault.TooManyRequests, retryAfter);

        var failure = await FailureAsync(_client.TransfersAsync(0, 20, null, CancellationToken.None));

        failure.Kind.Should().Be(ProviderException.RateLimited);
        failure.RetryAfter.Should().Be(seconds is { } asked ? TimeSpan.FromSeconds(asked) : null);
        _node.Requests.Should().Be(1, "a range is not halved for that");
    }

    [Fact]
    public async Task Too_many_requests_may_be_an_error_of_a_call()
    {
        Trouble.Errors["eth_getLogs"] = (-32005, "project ID request rate exceeded");

        var failure = await FailureAsync(_client.TransfersAsync(0, 20, null, CancellationToken.None));

        failure.Kind.Should().Be(ProviderException.RateLimited);
        _node.Requests.Should().Be(1);
    }

    [Fact]
    public async Task Logs_that_were_taken_back_or_are_another_blocks_are_not_believed()
    {
        var block = _chain.Blocks[3];
        Trouble.RemovedLogs = true;
        (await FailureAsync(_client.TransfersAsync(0, 20, null, CancellationToken.None))).Message
            .Should().Be("Provider 1 (127.0.0.1): a log that was taken back");
        Trouble.RemovedLogs = false;
        Trouble.OtherBlocksLogs = true;

        foreach (var asking in new[]
        {
            _client.TransfersAsync(0, 20, null, CancellationToken.None),
            _client.TransfersAsync(block.Hash, null, CancellationToken.None),
        })
        {
            var failure = await FailureAsync(asking);
            failure.Kind.Should().Be(ProviderException.Malformed);
            failure.Message.Should().Be("Provider 1 (127.0.0.1): a log of another block");
        }
    }

    [Fact]
    public async Task Logs_are_put_in_order_and_none_may_come_twice()
    {
        _chain.AddBlock(
            FakeEvmTransaction.Token(Contract, RpcTests.Address(98), 98),
            FakeEvmTransaction.Token(Contract, RpcTests.Address(99), 99));
        Trouble.LogIndexByTransaction = true;
        Trouble.ReversedLogs = true;

        var transfers = await _client.TransfersAsync(1, 21, null, CancellationToken.None);

        transfers.Select(log => (int)log.Amount).Should().Equal([.. Enumerable.Range(0, 20), 98, 99]);
        Trouble.RepeatedLogs = true;
        (await FailureAsync(_client.TransfersAsync(1, 21, null, CancellationToken.None))).Message.Should().Be(
            "Provider 1 (127.0.0.1): a log that comes twice");
    }

    [Fact]
    public async Task A_replica_without_a_blocks_logs_fails_when_it_is_asked_for_the_block_itself()
    {
        Trouble.LogLag = 1;
        var newest = await _client.LatestAsync(CancellationToken.None);

        (await _client.TransfersAsync(newest.Number, newest.Number, null, CancellationToken.None)).Should().BeEmpty();
        var failure = await FailureAsync(_client.TransfersAsync(newest.Hash, null, CancellationToken.None));

        failure.Kind.Should().Be(ProviderException.RpcError);
        failure.Code.Should().Be(-32000);
    }

    [Fact]
    public async Task A_transaction_of_a_block_that_has_no_receipt_is_a_failure()
    {
        Trouble.NoReceipts = true;

        var failure = await FailureAsync(_client.SucceededAsync(
            [_chain.Blocks[1].Transactions[0].Hash], CancellationToken.None));

        failure.Kind.Should().Be(ProviderException.Malformed);
    }

    [Theory]
    [InlineData(FakeEvmFault.Reversed)]
    [InlineData(FakeEvmFault.Packed)]
    public async Task What_the_protocols_allow_is_understood(FakeEvmFault fault)
    {
        Trouble.Fault = fault;

        var blocks = await _client.BlocksAsync(0, 30, withTransactions: true, CancellationToken.None);

        blocks.Select(block => block.Hash).Should().Equal(_chain.Blocks.Select(block => block.Hash));
    }

    [Fact]
    public async Task The_key_in_the_URL_is_in_no_failure()
    {
        var failures = new List<ProviderException>();
        foreach (var fault in new[] { FakeEvmFault.Unavailable, FakeEvmFault.Closed, FakeEvmFault.TooManyRequests })
        {
            Trouble.Fault = fault;
            failures.Add(await FailureAsync(_client.LatestAsync(CancellationToken.None)));
        }

        Trouble.Fault = FakeEvmFault.None;
        Trouble.Errors["eth_getBlockByNumber"] = (-32000, $"the project {FakeEvmNode.Key} is unknown");
        failures.Add(await FailureAsync(_client.LatestAsync(CancellationToken.None)));

        failures.Select(failure => $"{failure}").Should().OnlyContain(text =>
            !text.Contains(FakeEvmNode.Key, StringComparison.OrdinalIgnoreCase));
        failures[^1].Message.Should().Be("Provider 1 (127.0.0.1): error -32000: the project *** is unknown");
    }

    [Fact]
    public async Task No_trace_shows_the_URL()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if ($"{span.GetTagItem("url.full")}".Contains($":{_node.Url.Port}/", StringComparison.Ordinal))
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        await _client.LatestAsync(CancellationToken.None);

        spans.Should().BeEmpty();
    }

    private static async Task<ProviderException> FailureAsync(Task asking)
    {
        var waiting = () => asking;
        var failure = (await waiting.Should().ThrowAsync<ProviderException>()).Which;
        failure.Should().BeAssignableTo<RailUnavailableException>();
        return failure;
    }
}
