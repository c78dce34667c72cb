using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>The transactions that a reorganisation drops for good: all, none, or these.</summary>
public sealed record DroppedTransactions(bool All, IReadOnlyList<string> TxHashes)
{
    public static DroppedTransactions Everything { get; } = new(All: true, []);

    public static DroppedTransactions None { get; } = new(All: false, []);

    public static DroppedTransactions These(IReadOnlyList<string> txHashes) => new(All: false, txHashes);
}

/// <summary>Why a reorganisation can't be.</summary>
/// <param name="NotReplaced">The one of the dropped transactions that stands in none of the replaced blocks.</param>
public sealed record ReorgRefusal(string? NotReplaced)
{
    public bool TooDeep => NotReplaced is null;
}

/// <summary>Blocks that give way to others.</summary>
public sealed partial class SimulatorChain
{
    /// <summary>Blocks that a reorganisation replaces at most: what the scanner can follow with a margin.</summary>
    public const int ReorgLimit = 100;

    /// <summary>
    /// Replaces the newest blocks by as many others. Their transactions are mined again in other blocks, in another
    /// order and with other log indexes, or are gone for good. What waits is mined with them.
    /// </summary>
    /// <returns>Why it can't be; null when it is done.</returns>
    public Task<ReorgRefusal?> ReorgAsync(
        string chain,
        int depth,
        DroppedTransactions drop,
        CancellationToken cancellation,
        Action<NpgsqlBatch, SimulatorHead>? alongside = null,
        NpgsqlConnection? within = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, ReorgLimit);
        return ChangeAsync(chain, within, async (connection, held) =>
        {
            if (depth > held.Head.Number + 1)
                return new ReorgRefusal(NotReplaced: null);
            var (fork, lastLogIndex, replaced) = await ReplacedAsync(connection, held, depth, cancellation);
            if (drop.TxHashes.FirstOrDefault(txHash => !replaced.Contains(txHash)) is { } unknown)
                return new ReorgRefusal(unknown);

            await using var batch = connection.CreateBatch();
            AddReplaced(batch, chain, fork, drop);
            var head = AddBlocks(batch, held, fork, depth, new Remining(lastLogIndex + 1));
            alongside?.Invoke(batch, head);
            await batch.ExecuteNonQueryAsync(cancellation);
            return null;
        }, cancellation);
    }

    /// <summary>
    /// The block that stays, and what is in those that do not: the highest log index, and the transactions.
    /// </summary>
    private static async Task<(SimulatorHead Fork, int LastLogIndex, HashSet<string> TxHashes)> ReplacedAsync(
        NpgsqlConnection connection, HeldChain chain, int depth, CancellationToken cancellation)
    {
        var number = chain.Head.Number - depth;
        await using var batch = connection.CreateBatch();
        var block = batch.Add("select number, hash, time from simulator_blocks where chain = $1 and number = $2");
        block.AddText(chain.Name);
        block.AddLong(number);
        var transfers = batch.Add("""
            select tx_hash, max(log_index) from simulator_transfers
            where chain = $1 and block_number > $2 group by tx_hash
            """);
        transfers.AddText(chain.Name);
        transfers.AddLong(number);

        await using var row = await batch.ExecuteReaderAsync(cancellation);
        var fork = await row.ReadAsync(cancellation)
            ? ReadHead(row)
            : new SimulatorHead(-1, string.Empty, DateTimeOffset.MinValue);
        await row.NextResultAsync(cancellation);
        var replaced = await row.ReadAllAsync(tx => (Hash: tx.GetString(0), Index: tx.GetInt32(1)), cancellation);
        return (
            fork,
            replaced.Select(tx => tx.Index).DefaultIfEmpty(-1).Max(),
            replaced.Select(tx => tx.Hash).ToHashSet(StringComparer.Ordinal));
    }

    private static void AddReplaced(NpgsqlBatch batch, string chain, SimulatorHead fork, DroppedTransactions drop)
    {
        var blocks = batch.Add("delete from simulator_blocks where chain = $1 and number > $2");
        blocks.AddText(chain);
        blocks.AddLong(fork.Number);

        var dropped = batch.Add("""
            delete from simulator_transfers where chain = $1 and block_number > $2 and ($3 or tx_hash = any($4))
            """);
        dropped.AddText(chain);
        dropped.AddLong(fork.Number);
        dropped.AddFlag(drop.All);
        dropped.AddArray([.. drop.TxHashes], txHash => txHash);

        var waiting = batch.Add("""
            update simulator_transfers set block_number = null, log_index = null where chain = $1 and block_number > $2
            """);
        waiting.AddText(chain);
        waiting.AddLong(fork.Number);

        // A provider that is behind never shows what came after it fell behind, in whatever place.
        var behind = batch.Add("""
            update simulator_chains set provider_head = least(provider_head, $2)
            where chain = $1 and provider_mode = 'delay'
            """);
        behind.AddText(chain);
        behind.AddLong(fork.Number);
    }
}
