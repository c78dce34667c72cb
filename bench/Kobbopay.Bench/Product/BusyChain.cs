using Kobbopay.LocalServers;
using Kobbopay.LocalServers.Evm;

namespace Kobbopay.Bench.Product;

/// <summary>
/// A real EVM node whose every block has a thousand transfers of other people's, and one to an address of ours.
/// </summary>
/// <param name="noise">The contract that says it has moved something.</param>
internal sealed class BusyChain(AnvilServer server, EvmNode node, string noise, string payer) : IAsyncDisposable
{
    public const string Network = "bench-evm";
    public const int LogsPerBlock = 1_000;

    /// <summary>Of a block: a thousand logs take three million.</summary>
    private const long GasLimit = 100_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async Task<BusyChain> StartAsync(CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("kobbopay-bench-anvil-").FullName;
        var anvil = await AnvilServer.StartAsync(new AnvilSettings(folder) { GasLimit = GasLimit }, cancellation);
        var chain = new EvmNode(anvil.Url);
        await DevChain.PrepareAsync(chain, cancellation);
        var rich = await DevChain.PayerOfAsync(chain, cancellation);
        var hash = await chain.SendAsync(
            new EvmTransaction(rich) { Data = EvmContracts.Creation("FalseToken") }, cancellation);
        var receipt = await chain.WaitForReceiptAsync(hash, cancellation);
        return new BusyChain(anvil, chain, receipt.ContractAddress!, rich);
    }

    /// <summary>The network in a service's environment.</summary>
    /// <param name="topicListLimit">Of watched addresses; 0 reads all transfers.</param>
    public Dictionary<string, string> Settings(int topicListLimit) => new(StringComparer.Ordinal)
    {
        [$"Evm__{Network}__ChainId"] = $"{AnvilSettings.ChainId}",
        [$"Evm__{Network}__Environment"] = "test",
        [$"Evm__{Network}__Rpc__0"] = server.Url.AbsoluteUri,
        [$"Evm__{Network}__TopicListLimit"] = $"{topicListLimit}",
        [$"Evm__{Network}__Assets__USDT__Contract"] = DevChain.Usdt,
        [$"Evm__{Network}__Assets__USDT__Decimals"] = $"{DevChain.Decimals}",
        ["Demo__Xpub"] = "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
            + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP",
    };

    /// <returns>The height afterwards.</returns>
    /// <param name="ours">One of these is paid by each block.</param>
    public async Task<long> MineAsync(int blocks, IReadOnlyList<string> ours, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        await node.CallAsync("evm_setAutomine", [false], limited.Token);
        for (var i = 0; i < blocks; i++)
        {
            await SendAsync(noise, EvmContracts.Call(
                "FalseToken", "emitSequence(address,address,uint256,uint256)",
                Abi.Address(payer), Abi.Address(noise), Abi.Number(LogsPerBlock - 1), Abi.Number(1)));
            await SendAsync(DevChain.Usdt, EvmContracts.Call(
                "TestToken", "transfer(address,uint256)", Abi.Address(ours[i % ours.Count]), Abi.Number(1)));
            await node.CallAsync("anvil_mine", ["0x1"], limited.Token);
        }

        return (long)Abi.ToNumber((await node.CallAsync("eth_blockNumber", [], limited.Token)).GetString()!);

        Task<string> SendAsync(string to, string data) => node.SendAsync(
            new EvmTransaction(payer) { To = to, Data = data, Gas = GasLimit / 4 }, limited.Token);
    }

    public async ValueTask DisposeAsync()
    {
        node.Dispose();
        await server.DisposeAsync();
    }
}
