using System.Numerics;
using System.Text.Json;
using Kobbopay.LocalServers.Evm;

namespace Kobbopay.Testing;

/// <summary>
/// A transaction that a reorganisation takes along: into which of the new blocks, from 0 on.
/// </summary>
public sealed record EvmMove(string RawTransaction, int Block);

/// <summary>A Transfer log of a token.</summary>
public sealed record EvmTransferLog(
    string Token, string From, string To, BigInteger Value,
    string TransactionHash, long BlockNumber, string BlockHash, long LogIndex);

public sealed partial class EvmChain
{
    private const string TransferTopic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

    // The node counts an account's transactions wrongly when two arrive at once.
    private readonly SemaphoreSlim sending = new(1);
    private string? batch;
    private string? forwarder;

    /// <summary>Sends it and returns its hash without waiting for a block.</summary>
    public async Task<string> SendAsync(EvmTransaction transaction)
    {
        await sending.WaitAsync();
        try
        {
            return await node.SendAsync(transaction, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }
    }

    /// <summary>Waits for its block; fails after 20 s. A failed transaction has a receipt too.</summary>
    public Task<EvmReceipt> ReceiptAsync(string hash) => node.WaitForReceiptAsync(hash, CancellationToken.None);

    /// <summary>Null when it is in no block now.</summary>
    public Task<EvmReceipt?> FindReceiptAsync(string hash) => node.ReadReceiptAsync(hash, CancellationToken.None);

    /// <summary>Of a <c>TestToken</c> or <c>FeeToken</c>, all of it the payer's; returns its address.</summary>
    public async Task<string> DeployTokenAsync(string symbol, int decimals, string contract = "TestToken") =>
        await DeployAsync(DevChain.Creation(contract, symbol, symbol, decimals, Payer));

    /// <summary>A contract without arguments, say <c>FalseToken</c>, by its <see cref="EvmContracts"/> data.</summary>
    public async Task<string> DeployAsync(string creation)
    {
        var receipt = await ReceiptAsync(await SendAsync(new EvmTransaction(Payer) { Data = creation }));
        return receipt.ContractAddress ?? throw new EvmNodeException("the contract was not deployed");
    }

    /// <summary>Moves tokens and waits for the block.</summary>
    /// <param name="units">In the token's smallest unit.</param>
    public async Task<EvmReceipt> TransferAsync(string token, string to, BigInteger units, string? from = null) =>
        await ReceiptAsync(await SendTransferAsync(token, to, units, from));

    /// <summary>
    /// The same without waiting, for when blocks are mined by hand. One that moves too much is mined too, and fails.
    /// </summary>
    public Task<string> SendTransferAsync(string token, string to, BigInteger units, string? from = null) =>
        SendAsync(new EvmTransaction(from ?? Payer)
        {
            To = token,
            Data = EvmContracts.Call(
                "TestToken", "transfer(address,uint256)", Abi.Address(to), Abi.Number(units)),
            Gas = 200_000,
        });

    /// <summary>Moves coins and waits for the block.</summary>
    public async Task<EvmReceipt> TransferNativeAsync(string to, BigInteger units, string? from = null) =>
        await ReceiptAsync(await SendAsync(new EvmTransaction(from ?? Payer) { To = to, Value = units }));

    /// <summary>Pays each of them that much, in one transaction; an address may be there twice.</summary>
    public async Task<EvmReceipt> BatchAsync(string token, IReadOnlyCollection<string> to, BigInteger units)
    {
        batch ??= await DeployAsync(EvmContracts.Creation("Batch"));
        var approve = EvmContracts.Call(
            "TestToken", "approve(address,uint256)", Abi.Address(batch), Abi.Number(units * to.Count));
        await ReceiptAsync(await SendAsync(new EvmTransaction(Payer) { To = token, Data = approve }));
        var pay = EvmContracts.Call(
            "Batch", "pay(address,address[],uint256)", Abi.Address(token), Abi.Addresses(to), Abi.Number(units));
        return await ReceiptAsync(await SendAsync(new EvmTransaction(Payer) { To = batch, Data = pay }));
    }

    /// <summary>Coins that reach it by way of a contract: no transaction names it as its recipient.</summary>
    public async Task<EvmReceipt> TransferInternallyAsync(string to, BigInteger units)
    {
        forwarder ??= await DeployAsync(EvmContracts.Creation("Forwarder"));
        var forward = EvmContracts.Call("Forwarder", "forward(address)", Abi.Address(to));
        return await ReceiptAsync(
            await SendAsync(new EvmTransaction(Payer) { To = forwarder, Data = forward, Value = units }));
    }

    /// <summary>
    /// Transfer logs of a <c>FalseToken</c> that moved nothing: one to each, in one transaction. A thousand take three
    /// million gas; a block has thirty.
    /// </summary>
    public async Task<EvmReceipt> EmitManyAsync(
        string falseToken, IReadOnlyCollection<string> to, BigInteger units) =>
        await ReceiptAsync(await SendAsync(new EvmTransaction(Payer)
        {
            To = falseToken,
            Data = EvmContracts.Call(
                "FalseToken",
                "emitMany(address,address[],uint256)",
                Abi.Address(Payer),
                Abi.Addresses(to),
                Abi.Number(units)),
        }));

    /// <summary>
    /// The same to <paramref name="count"/> addresses one after the other, which nobody has: the noise of a busy chain.
    /// </summary>
    public async Task<EvmReceipt> EmitNoiseAsync(string falseToken, int count) =>
        await ReceiptAsync(await SendAsync(new EvmTransaction(Payer)
        {
            To = falseToken,
            Data = EvmContracts.Call(
                "FalseToken",
                "emitSequence(address,address,uint256,uint256)",
                Abi.Address(Payer),
                Abi.Address(NewAddress()),
                Abi.Number(count),
                Abi.Number(1)),
        }));

    /// <summary>What <see cref="ReorgAsync"/> and <c>eth_sendRawTransaction</c> take.</summary>
    public async Task<string> RawTransactionAsync(string hash) =>
        (await CallAsync("eth_getRawTransactionByHash", hash)).GetString()
        ?? throw new EvmNodeException($"there is no transaction {hash}");

    public async Task<BigInteger> TokenBalanceAsync(string token, string address)
    {
        var data = EvmContracts.Call("TestToken", "balanceOf(address)", Abi.Address(address));
        return Abi.ToNumber((await CallAsync("eth_call", new { to = token, data }, "latest")).GetString()!);
    }

    /// <summary>The token's Transfer logs of the whole canonical chain, or of those to one address.</summary>
    public async Task<IReadOnlyList<EvmTransferLog>> TransfersAsync(string token, string? to = null)
    {
        var recipient = to is null ? null : "0x" + Abi.Address(to).Hex;
        var filter = new
        {
            address = token,
            fromBlock = "0x0",
            toBlock = "latest",
            topics = (string?[])[TransferTopic, null, recipient],
        };
        return [.. (await CallAsync("eth_getLogs", filter)).EnumerateArray().Select(Transfer)];
    }

    private static EvmTransferLog Transfer(JsonElement log)
    {
        string Field(string name) => log.GetProperty(name).GetString()!;
        string Topic(int index) => log.GetProperty("topics")[index].GetString()!;
        return new EvmTransferLog(
            Field("address"),
            "0x" + Topic(1)[^40..],
            "0x" + Topic(2)[^40..],
            Abi.ToNumber(Field("data")),
            Field("transactionHash"),
            (long)Abi.ToNumber(Field("blockNumber")),
            Field("blockHash"),
            (long)Abi.ToNumber(Field("logIndex")));
    }
}
