using System.Numerics;
using Kobbopay.Payments.Rails.Evm.Rpc;

namespace Kobbopay.Payments.Rails.Evm;

/// <summary>
/// Reads a part of a network's chain from one provider: the blocks, the transfers of tokens from their logs, and those
/// of the network's own currency from their transactions. What is of no payment is left out here, since most of a
/// network's transfers are other people's.
/// </summary>
internal sealed class EvmReader(EvmNetwork network, WatchedAddresses watched)
{
    /// <summary>
    /// So near to the head logs are asked for by block hash: a provider that does not have the block then says so. By
    /// range it would say that the block has none, which is what replicas that lag behind do.
    /// </summary>
    private const int NearHead = 64;

    /// <exception cref="RailUnavailableException">The provider fails, contradicts itself, or its chain has just been
    /// reorganised: the next look will see one chain.</exception>
    public async Task<ChainSlice> ReadAsync(
        ChosenProvider provider, long fromBlock, int limit, CancellationToken cancellation)
    {
        var (client, head) = (provider.Client, provider.Head.Number);
        var blocks = await BlocksAsync(client, fromBlock, Math.Min(fromBlock + limit - 1, head), cancellation);
        var finalized = network.Assets.Any(asset => asset.NeedsFinality)
            ? await client.FinalizedAsync(cancellation)
            : null;
        if (blocks.Count == 0)
            return new ChainSlice(head, [], provider.Behind, finalized);

        var logs = await LogsAsync(client, blocks, head, cancellation);
        var transfers = await OursAsync(client, blocks, logs, cancellation);
        return new ChainSlice(
            head,
            [
                .. blocks.Select(block => new Block(
                    block.Number, block.Hash, block.ParentHash, block.Time,
                    transfers.GetValueOrDefault(block.Hash, []))),
            ],
            provider.Behind,
            finalized);
    }

    private async Task<List<EvmBlock>> BlocksAsync(
        EvmClient client, long from, long to, CancellationToken cancellation)
    {
        if (to < from)
            return [];
        var blocks = await client.BlocksAsync(from, to, withTransactions: network.Native is not null, cancellation);
        for (var i = 1; i < blocks.Count; i++)
        {
            if (blocks[i].ParentHash != blocks[i - 1].Hash)
                throw Moved(blocks[i].Number);
        }

        return blocks;
    }

    private async Task<List<EvmLog>> LogsAsync(
        EvmClient client, List<EvmBlock> blocks, long head, CancellationToken cancellation)
    {
        var recipients = (await watched.ListAsync(network.Name, network.TopicListLimit, cancellation))?
            .ConvertAll(address => EvmAddress.Parse(address, network.AddressForm)).OfType<string>().ToList();
        if (recipients is { Count: 0 })
            return [];

        var settled = blocks.Count(block => block.Number <= head - NearHead);
        var logs = new List<EvmLog>();
        if (settled > 0)
        {
            var last = blocks[settled - 1];
            logs = await client.TransfersAsync(blocks[0].Number, last.Number, recipients, cancellation);
            // What was asked for by number belongs to the blocks read before only if those still stand.
            var again = await client.BlocksAsync(last.Number, last.Number, withTransactions: false, cancellation);
            if (again is not [var same] || same.Hash != last.Hash)
                throw Moved(last.Number);
        }

        List<string> near = [.. blocks.Skip(settled).Select(block => block.Hash)];
        logs.AddRange(await client.TransfersAsync(near, recipients, cancellation));

        var hashes = blocks.ToDictionary(block => block.Number, block => block.Hash);
        return logs.Find(log => hashes.GetValueOrDefault(log.BlockNumber) != log.BlockHash) is { } foreign
            ? throw Moved(foreign.BlockNumber)
            : logs;
    }

    /// <summary>The transfers to addresses of ours, by block hash.</summary>
    private async Task<Dictionary<string, List<TokenTransfer>>> OursAsync(
        EvmClient client, List<EvmBlock> blocks, List<EvmLog> logs, CancellationToken cancellation)
    {
        var coins = (
            from block in blocks
            from transaction in block.Transactions
            where transaction.To is not null && !transaction.Value.IsZero
            select (Block: block, Transaction: transaction)).ToList();
        // The same address, and above all the same contract, comes again and again.
        var shown = logs.Select(log => log.To).Concat(coins.Select(coin => coin.Transaction.To!))
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(hex => hex, Shown, StringComparer.Ordinal);
        var ours = await watched.AmongAsync([.. shown.Values], cancellation);

        var transfers = new Dictionary<string, List<TokenTransfer>>(StringComparer.Ordinal);
        foreach (var log in logs.Where(log => ours.Contains(shown[log.To])))
            Add(log.BlockHash, log.TxHash, log.LogIndex, Shown(log.Contract), shown[log.To], log.Amount);

        coins.RemoveAll(coin => !ours.Contains(shown[coin.Transaction.To!]));
        var succeeded = coins.Count == 0
            ? []
            : await client.SucceededAsync([.. coins.Select(coin => coin.Transaction.Hash)], cancellation);
        foreach (var (block, coin) in coins.Where(coin => succeeded.Contains(coin.Transaction.Hash)))
            Add(block.Hash, coin.Hash, TokenTransfer.NoLog, contract: null, shown[coin.To!], coin.Value);
        return transfers;

        void Add(string block, string tx, int logIndex, string? contract, string recipient, BigInteger amount)
        {
            if (!transfers.TryGetValue(block, out var own))
                transfers[block] = own = [];
            own.Add(new TokenTransfer(tx, logIndex, contract, recipient, amount));
        }
    }

    private string Shown(string hex) => EvmAddress.Shown(hex, network.AddressForm);

    private RailUnavailableException Moved(long block) =>
        new($"{network.Name} was reorganised at block {block} while it was read");
}
