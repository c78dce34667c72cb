using System.Diagnostics;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>
/// Money that the next block takes in. Transfers of one <paramref name="TxHash"/> are one transaction.
/// </summary>
public sealed record NewTransfer(string TxHash, string? Contract, string Recipient, BigInteger Amount)
{
    public static string NewTxHash() => $"0x{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
}

/// <summary>The newest block after an operation.</summary>
public sealed record SimulatorHead(long Number, string Hash, DateTimeOffset Time);

/// <summary>
/// What happens on a simulator chain: blocks are mined and reorganised. Operations on one chain wait for each other at
/// its row; each is one transaction, so a reader never meets half of one.
/// </summary>
public sealed class SimulatorChain(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>Blocks of one operation at most.</summary>
    public const int BlockLimit = 1_000;

    /// <summary>Blocks that a reorganisation replaces at most: what the scanner can follow with a margin.</summary>
    public const int ReorgLimit = 100;

    /// <summary>Mines blocks; the first one holds these transfers and all that wait.</summary>
    /// <param name="alongside">Adds to the same transaction, once the blocks are known.</param>
    public async Task<SimulatorHead> MineAsync(
        string chain,
        int blocks,
        IReadOnlyList<NewTransfer> transfers,
        CancellationToken cancellation,
        Action<NpgsqlBatch, SimulatorHead>? alongside = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, BlockLimit);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var head = await LockAsync(connection, chain, cancellation);
        await using var batch = new NpgsqlBatch(connection, transaction);
        AddTransfers(batch, chain, transfers);
        var newHead = AddBlocks(batch, chain, head, blocks);
        alongside?.Invoke(batch, newHead);
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return newHead;
    }

    /// <summary>
    /// Replaces the newest blocks by as many others. Their transfers are mined again in the first of these, in another
    /// order, or are gone for good.
    /// </summary>
    /// <returns>False when the chain has fewer blocks than that.</returns>
    public async Task<bool> ReorgAsync(
        string chain,
        int depth,
        bool drop,
        CancellationToken cancellation,
        Action<NpgsqlBatch, SimulatorHead>? alongside = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, ReorgLimit);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var head = await LockAsync(connection, chain, cancellation);
        if (depth > head.Number + 1)
            return false;

        var fork = await BlockAsync(connection, chain, head.Number - depth, cancellation);

        await using var batch = new NpgsqlBatch(connection, transaction);
        var blocks = batch.Add("delete from simulator_blocks where chain = $1 and number > $2");
        blocks.AddText(chain);
        blocks.AddLong(fork.Number);
        var transfers = batch.Add(drop
            ? "delete from simulator_transfers where chain = $1 and block_number > $2"
            : """
              update simulator_transfers set block_number = null, log_index = null
              where chain = $1 and block_number > $2
              """);
        transfers.AddText(chain);
        transfers.AddLong(fork.Number);
        var newHead = AddBlocks(batch, chain, fork, depth, reversed: true);
        alongside?.Invoke(batch, newHead);
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>All that was ever sent to an address and stands, in base units.</summary>
    public async Task<BigInteger> SentToAsync(
        string chain, string? contract, string recipient, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select coalesce(sum(amount), 0) from simulator_transfers
            where chain = $1 and recipient = $2 and contract is not distinct from $3
            """);
        command.Parameters.AddText(chain);
        command.Parameters.AddText(recipient);
        command.Parameters.AddText(contract);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return row.GetFieldValue<BigInteger>(0);
    }

    private static async Task<SimulatorHead> LockAsync(
        NpgsqlConnection connection, string chain, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.Add("insert into simulator_chains (chain) values ($1) on conflict do nothing").AddText(chain);
        batch.Add("select head, head_hash, head_time from simulator_chains where chain = $1 for update").AddText(chain);
        return await ReadHeadAsync(batch, cancellation);
    }

    /// <summary>A block by its height; what comes before the first one is -1.</summary>
    private static async Task<SimulatorHead> BlockAsync(
        NpgsqlConnection connection, string chain, long number, CancellationToken cancellation)
    {
        if (number < 0)
            return new SimulatorHead(-1, string.Empty, DateTimeOffset.MinValue);

        await using var batch = connection.CreateBatch();
        var block = batch.Add("select number, hash, time from simulator_blocks where chain = $1 and number = $2");
        block.AddText(chain);
        block.AddLong(number);
        return await ReadHeadAsync(batch, cancellation);
    }

    private static async Task<SimulatorHead> ReadHeadAsync(NpgsqlBatch batch, CancellationToken cancellation)
    {
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return new SimulatorHead(row.GetInt64(0), row.GetString(1), PaymentRows.Time(row, 2));
    }

    private static void AddTransfers(NpgsqlBatch batch, string chain, IReadOnlyList<NewTransfer> transfers)
    {
        if (transfers.Count == 0)
            return;

        var rows = transfers.ToList();
        var insert = batch.Add("""
            insert into simulator_transfers (chain, tx_hash, contract, recipient, amount)
            select $1, t.* from unnest($2::text[], $3::text[], $4::text[], $5::numeric[]) t
            """);
        insert.AddText(chain);
        insert.AddArray(rows, transfer => transfer.TxHash);
        insert.AddArray(rows, transfer => transfer.Contract);
        insert.AddArray(rows, transfer => transfer.Recipient);
        insert.AddArray(rows, transfer => transfer.Amount);
    }

    /// <summary>
    /// Chain, transfers that wait (into the first block), and head; a clock that goes back does not take time back.
    /// </summary>
    private SimulatorHead AddBlocks(
        NpgsqlBatch batch, string chain, SimulatorHead parent, int count, bool reversed = false)
    {
        var now = clock.Now();
        var time = now > parent.Time ? now : parent.Time;
        var blocks = new List<(long Number, string Hash, string Parent)>(count);
        var head = parent;
        for (var i = 0; i < count; i++)
        {
            var hash = HashOf(head.Hash, head.Number + 1, time);
            blocks.Add((head.Number + 1, hash, head.Hash));
            head = new SimulatorHead(head.Number + 1, hash, time);
        }

        var insert = batch.Add("""
            insert into simulator_blocks (chain, number, hash, parent_hash, time, traceparent)
            select $1, b.number, b.hash, b.parent, $5, $6
            from unnest($2::bigint[], $3::text[], $4::text[]) b (number, hash, parent)
            """);
        insert.AddText(chain);
        insert.AddArray(blocks, block => block.Number);
        insert.AddArray(blocks, block => block.Hash);
        insert.AddArray(blocks, block => block.Parent);
        insert.AddTime(time);
        insert.AddText(Activity.Current?.Id);

        // Transactions may change places, the transfers within one never do.
        var mined = batch.Add($"""
            update simulator_transfers t set block_number = $2, log_index = n.position - 1
            from (
              select id, row_number() over (order by first {(reversed ? "desc" : "asc")}, id) as position
              from (select id, min(id) over (partition by tx_hash) as first
                    from simulator_transfers where chain = $1 and block_number is null) waiting) n
            where t.id = n.id
            """);
        mined.AddText(chain);
        mined.AddLong(parent.Number + 1);

        var update = batch.Add(
            "update simulator_chains set head = $2, head_hash = $3, head_time = $4 where chain = $1");
        update.AddText(chain);
        update.AddLong(head.Number);
        update.AddText(head.Hash);
        update.AddTime(head.Time);
        return head;
    }

    /// <summary>Salted, so that a block mined in another's place is another block.</summary>
    private static string HashOf(string parent, long number, DateTimeOffset time)
    {
        var salt = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var content = Encoding.UTF8.GetBytes($"{parent}/{number}/{salt}/{time.ToUnixTimeMilliseconds()}");
        return $"0x{Convert.ToHexStringLower(SHA256.HashData(content))}";
    }
}
