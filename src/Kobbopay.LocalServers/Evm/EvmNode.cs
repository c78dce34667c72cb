using System.Diagnostics;
using System.Net.Http.Json;
using System.Numerics;
using System.Text.Json;

namespace Kobbopay.LocalServers.Evm;

/// <summary>The node refused a request, or a transaction did not get where it should; the message says which.</summary>
public sealed class EvmNodeException(string message) : Exception(message);

/// <summary>A transaction of an account that the node has unlocked. No recipient deploys a contract.</summary>
public sealed record EvmTransaction(string From)
{
    public string? To { get; init; }
    public string? Data { get; init; }
    public BigInteger Value { get; init; }

    /// <summary>Null lets the node estimate it; with a limit, one that will fail is mined none the less.</summary>
    public long? Gas { get; init; }
}

/// <summary>Where a transaction is, as of the moment of asking.</summary>
public sealed record EvmReceipt(
    string TransactionHash, long BlockNumber, string BlockHash, bool Succeeded, string? ContractAddress);

/// <summary>The JSON-RPC of a node under our own command: it signs for its accounts, so nobody here has keys.</summary>
public sealed class EvmNode(Uri url) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);
    private readonly HttpClient client = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>The result, which may be JSON's null; fails with <see cref="EvmNodeException"/>.</summary>
    public async Task<JsonElement> CallAsync(
        string method, IReadOnlyList<object?> parameters, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(
            url, new { jsonrpc = "2.0", id = 1, method, @params = parameters }, cancellationToken);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return answer.TryGetProperty("error", out var error)
            ? throw new EvmNodeException($"{method}: {error.GetProperty("message").GetString()}")
            : answer.GetProperty("result");
    }

    /// <summary>For a node that is being started; fails after 20 s with what is wrong.</summary>
    public async Task WaitUntilUpAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await CallAsync("eth_chainId", [], cancellationToken);
                return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Poll, TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <summary>Sends it and returns its hash; it may not be in a block yet.</summary>
    public async Task<string> SendAsync(EvmTransaction transaction, CancellationToken cancellationToken)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["from"] = transaction.From,
            ["value"] = Abi.Quantity(transaction.Value),
        };
        if (transaction.To is { } to)
            fields["to"] = to;
        if (transaction.Data is { } data)
            fields["data"] = data;
        if (transaction.Gas is { } gas)
            fields["gas"] = Abi.Quantity(gas);
        return (await CallAsync("eth_sendTransaction", [fields], cancellationToken)).GetString()!;
    }

    /// <summary>Null for a transaction that is in no block.</summary>
    public async Task<EvmReceipt?> ReadReceiptAsync(string hash, CancellationToken cancellationToken)
    {
        var receipt = await CallAsync("eth_getTransactionReceipt", [hash], cancellationToken);
        return receipt.ValueKind == JsonValueKind.Null ? null : new EvmReceipt(
            hash,
            (long)Abi.ToNumber(receipt.GetProperty("blockNumber").GetString()!),
            receipt.GetProperty("blockHash").GetString()!,
            receipt.GetProperty("status").GetString() == "0x1",
            receipt.GetProperty("contractAddress").GetString());
    }

    /// <summary>Waits for it, for a node answers a moment before it has mined; fails after 20 s.</summary>
    public async Task<EvmReceipt> WaitForReceiptAsync(string hash, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        do
        {
            if (await ReadReceiptAsync(hash, cancellationToken) is { } receipt)
                return receipt;
            await Task.Delay(Poll, TimeProvider.System, cancellationToken);
        }
        while (Stopwatch.GetElapsedTime(started) < Patience);

        throw new EvmNodeException($"{hash} is in no block after {Patience.TotalSeconds} s");
    }

    public void Dispose() => client.Dispose();
}
