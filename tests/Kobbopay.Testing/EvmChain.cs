using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Kobbopay.LocalServers;
using Kobbopay.LocalServers.Evm;

namespace Kobbopay.Testing;

/// <summary>A block's header.</summary>
public sealed record EvmHeader(long Number, string Hash, string ParentHash, DateTimeOffset Timestamp);

/// <summary>
/// An EVM chain of a test's own, in 0.2 s: an anvil node that mines a block for each transaction, with USDT and USDC
/// (6 decimals each) at the addresses of <see cref="DevChain"/>, all of it the <see cref="Payer"/>'s.
/// <code>
/// await using var chain = await EvmChain.StartAsync();
/// configuration["Evm:dev-evm:Rpc:0"] = chain.Url.ToString();
/// var paid = await chain.TransferAsync(EvmChain.Usdt, depositAddress, 10_500_000);
/// await chain.MineAsync(2);
/// await chain.ReorgAsync(3);                                                      // the transfer is gone
/// await chain.ReorgAsync(3, new EvmMove(await chain.RawTransactionAsync(hash), 1)); // or is in another block
/// </code>
/// Blocks are safe two blocks below the head and final four below it.
/// </summary>
public sealed partial class EvmChain : IAsyncDisposable
{
    public const string Usdt = DevChain.Usdt;
    public const string Usdc = DevChain.Usdc;
    public const long ChainId = AnvilSettings.ChainId;

    private readonly AnvilServer server;
    private readonly EvmNode node;

    private EvmChain(AnvilServer server)
    {
        this.server = server;
        node = new EvmNode(server.Url);
    }

    /// <summary>The node's JSON-RPC, the same over stops and starts.</summary>
    public Uri Url => server.Url;

    /// <summary>
    /// Ten, each with 10,000 coins, and none that the test mnemonic's m/44'/60'/0' derives.
    /// </summary>
    public IReadOnlyList<string> Accounts { get; private set; } = [];

    /// <summary>The first account, which pays wherever nobody else is named.</summary>
    public string Payer => Accounts[0];

    /// <param name="isKept">Whether the chain outlives a stop.</param>
    /// <param name="blockTime">Null mines each transaction at once.</param>
    /// <param name="gasLimit">Of a block, for more than the 30 million of the default.</param>
    public static async Task<EvmChain> StartAsync(
        bool isKept = false, TimeSpan? blockTime = null, long? gasLimit = null)
    {
        var settings = new AnvilSettings(Servers.NewFolder("anvil"))
        {
            IsKept = isKept,
            BlockTime = blockTime,
            GasLimit = gasLimit,
        };
        var chain = new EvmChain(await AnvilServer.StartAsync(settings, CancellationToken.None));
        try
        {
            await DevChain.PrepareAsync(chain.node, CancellationToken.None);
            var accounts = await chain.CallAsync("eth_accounts");
            chain.Accounts = [.. accounts.EnumerateArray().Select(account => account.GetString()!)];
            return chain;
        }
        catch
        {
            await chain.DisposeAsync();
            throw;
        }
    }

    /// <summary>An address that nobody has used.</summary>
    public static string NewAddress() => "0x" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));

    /// <summary>Any method of the node's: <c>CallAsync("eth_getCode", address, "latest")</c>.</summary>
    public Task<JsonElement> CallAsync(string method, params object?[] parameters) =>
        node.CallAsync(method, parameters, CancellationToken.None);

    /// <summary>Without an interval, blocks get the time of now, or their parent's when that is later.</summary>
    public Task MineAsync(int blocks = 1, TimeSpan? interval = null) => interval is { } apart
        ? CallAsync("anvil_mine", Abi.Quantity(blocks), Abi.Quantity((long)apart.TotalSeconds))
        : CallAsync("anvil_mine", Abi.Quantity(blocks));

    /// <summary>Off: transactions wait for <see cref="MineAsync"/>.</summary>
    public Task SetAutomineAsync(bool on) => CallAsync("evm_setAutomine", on);

    /// <summary>
    /// Replaces the newest blocks by as many others. What was in them is gone, but for what is moved; transactions are
    /// not mined again by themselves. Sending the raw transaction brings one back.
    /// </summary>
    public Task ReorgAsync(int depth, params EvmMove[] moved) => CallAsync(
        "anvil_reorg", depth, moved.Select(move => new object[] { move.RawTransaction, move.Block }));

    /// <summary>Takes the newest blocks away, so that the head is lower than it was.</summary>
    public Task RollbackAsync(int depth) => CallAsync("anvil_rollback", depth);

    /// <summary>The next block's time, to the second; those after it go on from there.</summary>
    public Task SetNextBlockTimeAsync(DateTimeOffset time) =>
        CallAsync("evm_setNextBlockTimestamp", Abi.Quantity(time.ToUnixTimeSeconds()));

    public Task IncreaseTimeAsync(TimeSpan time) =>
        CallAsync("evm_increaseTime", Abi.Quantity((long)time.TotalSeconds));

    public async Task<long> BlockNumberAsync() =>
        (long)Abi.ToNumber((await CallAsync("eth_blockNumber")).GetString()!);

    public Task<EvmHeader> BlockAsync(long number) => BlockAsync(Abi.Quantity(number));

    /// <param name="tag"><c>latest</c>, <c>safe</c>, <c>finalized</c>, or a number in hex.</param>
    public async Task<EvmHeader> BlockAsync(string tag = "latest")
    {
        var block = await CallAsync("eth_getBlockByNumber", tag, false);
        if (block.ValueKind == JsonValueKind.Null)
            throw new EvmNodeException($"there is no block {tag}");
        string Field(string name) => block.GetProperty(name).GetString()!;
        return new EvmHeader(
            (long)Abi.ToNumber(Field("number")),
            Field("hash"),
            Field("parentHash"),
            DateTimeOffset.FromUnixTimeSeconds((long)Abi.ToNumber(Field("timestamp"))));
    }

    public async Task<BigInteger> BalanceAsync(string address) =>
        Abi.ToNumber((await CallAsync("eth_getBalance", address, "latest")).GetString()!);

    public Task SetBalanceAsync(string address, BigInteger units) =>
        CallAsync("anvil_setBalance", address, Abi.Quantity(units));

    /// <summary>An outage. The chain begins anew afterwards, without tokens, unless it is kept.</summary>
    public Task StopAsync() => server.StopAsync();

    /// <summary>The same by SIGKILL.</summary>
    public Task KillAsync() => server.KillAsync();

    /// <summary>After a stop, at the same address.</summary>
    public async Task StartAgainAsync()
    {
        await server.StartAgainAsync(CancellationToken.None);
        (batch, forwarder) = (null, null);
        await DevChain.PrepareAsync(node, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        node.Dispose();
        sending.Dispose();
    }
}
