using System.Numerics;
using System.Security.Cryptography;
using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>
/// Money that the next block takes in. Transfers of one <paramref name="TxHash"/> are one transaction.
/// </summary>
public sealed record NewTransfer(string TxHash, string? Contract, string Recipient, BigInteger Amount)
{
    public static string NewTxHash() => $"0x{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
}

/// <summary>The newest block after an operation; height -1 for a chain without blocks.</summary>
public sealed record SimulatorHead(long Number, string Hash, DateTimeOffset Time);

/// <summary>A chain whose row is held until the transaction ends.</summary>
/// <param name="Offset">How far the merchant's sandbox clock is ahead.</param>
internal sealed record HeldChain(string Name, SimulatorHead Head, TimeSpan Offset);

/// <summary>
/// What happens on a simulator chain: blocks are mined and reorganised, its clock is moved, its provider fails.
/// Operations on one chain wait for each other at its row; each is one transaction, so a reader never meets half of
/// one: its own, or that of the connection which it is given.
/// </summary>
public sealed partial class SimulatorChain(NpgsqlDataSource database, SharedCommits commits, TimeProvider clock)
{
    /// <summary>Blocks of one operation at most.</summary>
    public const int BlockLimit = 1_000;

    /// <summary>
    /// A column of payments <c>p</c>: all that was ever sent to its address in its token and stands, in base units.
    /// </summary>
    internal const string SentToPayment = """
        (select coalesce(sum(t.amount), 0) from simulator_transfers t
         where t.chain = p.chain and t.recipient = p.deposit_address and t.contract is not distinct from p.contract)
        """;

    /// <summary>Mines blocks; the first one holds these transfers and all that wait.</summary>
    /// <param name="alongside">Adds to the same transaction, once the blocks are known.</param>
    public Task<SimulatorHead> MineAsync(
        string chain,
        int blocks,
        IReadOnlyList<NewTransfer> transfers,
        CancellationToken cancellation,
        Action<NpgsqlBatch, SimulatorHead>? alongside = null,
        NpgsqlConnection? within = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, BlockLimit);
        return ChangeAsync(chain, within, async (connection, held) =>
        {
            await using var batch = connection.CreateBatch();
            AddTransfers(batch, chain, transfers);
            var head = AddBlocks(batch, held, held.Head, blocks);
            alongside?.Invoke(batch, head);
            await batch.ExecuteNonQueryAsync(cancellation);
            return head;
        }, cancellation);
    }

    /// <summary>
    /// Sends money without mining it: the next block takes it in. Senders wait for nobody.
    /// </summary>
    /// <param name="alongside">Adds to the same transaction.</param>
    public async Task SendAsync(
        string chain,
        IReadOnlyList<NewTransfer> transfers,
        Action<NpgsqlBatch> alongside,
        CancellationToken cancellation)
    {
        await using var change = new NpgsqlBatch();
        AddTransfers(change, chain, transfers);
        alongside(change);
        await commits.CommitAsync(transfers[0].Recipient, change, cancellation);
    }

    /// <summary>
    /// The transactions to an address, and the height of the oldest block that holds one; -1 when none does.
    /// </summary>
    internal static async Task<(IReadOnlyList<string> TxHashes, long OldestBlock)> TransactionsToAsync(
        NpgsqlConnection connection, string chain, string recipient, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select array(select distinct tx_hash from simulator_transfers where chain = $1 and recipient = $2),
              coalesce((select min(block_number) from simulator_transfers where chain = $1 and recipient = $2), -1)
            """,
            connection);
        command.Parameters.AddText(chain);
        command.Parameters.AddText(recipient);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return (row.GetFieldValue<string[]>(0), row.GetInt64(1));
    }

    private async Task<T> ChangeAsync<T>(
        string chain,
        NpgsqlConnection? within,
        Func<NpgsqlConnection, HeldChain, Task<T>> change,
        CancellationToken cancellation)
    {
        if (within is not null)
            return await change(within, await HoldAsync(within, chain, cancellation));

        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var changed = await change(connection, await HoldAsync(connection, chain, cancellation));
        await transaction.CommitAsync(cancellation);
        return changed;
    }

    internal static async Task<HeldChain> HoldAsync(
        NpgsqlConnection connection, string chain, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        AddChain(batch, chain);
        batch.Add("select head, head_hash, head_time from simulator_chains where chain = $1 for update").AddText(chain);
        // A statement of its own, which sees what the wait for the row has brought.
        batch.Add("select clock_offset from merchant_settings where merchant_id = $1 and environment = 'test'")
            .AddId(SimulatorRail.MerchantOf(chain));
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        var head = ReadHead(row);
        await row.NextResultAsync(cancellation);
        return new HeldChain(chain, head, await row.ReadAsync(cancellation) ? row.GetTimeSpan(0) : TimeSpan.Zero);
    }

    private static SimulatorHead ReadHead(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), PaymentRows.Time(row, 2));

    private static void AddChain(NpgsqlBatch batch, string chain) =>
        batch.Add("insert into simulator_chains (chain) values ($1) on conflict do nothing").AddText(chain);

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
}
