using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// How far a chain has been taken in. Whoever holds the row is the chain's one scanner; the row moves in the
/// transaction that holds what was found.
/// </summary>
/// <param name="Number">Height of the newest block taken in; -1 before the first.</param>
/// <param name="Failing">It could not be read in full the last time.</param>
/// <param name="Delayed">For longer than is tolerated (<see cref="ChainDelay"/>).</param>
/// <param name="MostConfirmations">That any merchant's payments on the network have been asked to have; 0 where all
/// have the rail's own number.</param>
internal sealed record ChainCursor(
    string Chain, long Number, string? Hash, DateTimeOffset? Time, bool Failing, bool Delayed, int MostConfirmations)
{
    /// <summary>Where a network asks for nothing else (<see cref="IRail.ReorgLimit"/>).</summary>
    public const int UsualReorgLimit = 512;

    /// <summary>The cursor, locked until the transaction ends; null while another scanner holds it.</summary>
    public static async Task<ChainCursor?> LockAsync(
        NpgsqlConnection connection, string chain, string network, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        var insert = batch.Add("insert into chains (chain, network) values ($1, $2) on conflict do nothing");
        insert.AddText(chain);
        insert.AddText(network);
        batch.Add("""
            select block_number, block_hash, block_time, failing_since is not null, delayed,
              coalesce((select most from network_confirmations n where n.network = chains.network), 0)
            from chains where chain = $1 for update skip locked
            """).AddText(chain);
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            return null;
        return new ChainCursor(
            chain,
            row.GetInt64(0),
            PaymentRows.TextOrNull(row, 1),
            row.IsDBNull(2) ? null : PaymentRows.Time(row, 2),
            row.GetBoolean(3),
            row.GetBoolean(4),
            row.GetInt32(5));
    }

    /// <summary>Hashes of the remembered blocks by height.</summary>
    public async Task<SortedDictionary<long, string>> RememberedAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "select number, hash from chain_blocks where chain = $1", connection);
        command.Parameters.AddText(Chain);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var hashes = new SortedDictionary<long, string>();
        while (await row.ReadAsync(cancellation))
            hashes[row.GetInt64(0)] = row.GetString(1);
        return hashes;
    }

    /// <summary>
    /// Moves the cursor to the last of these blocks, which follow each other after <paramref name="fork"/>.
    /// </summary>
    public ChainCursor AddAdvance(NpgsqlBatch batch, IRail rail, long fork, List<Block> blocks)
    {
        var last = blocks[^1];
        var forget = batch.Add("delete from chain_blocks where chain = $1 and (number > $2 or number <= $3)");
        forget.AddText(Chain);
        forget.AddLong(fork);
        forget.AddLong(last.Number - rail.ReorgLimit);

        var remember = batch.Add("""
            insert into chain_blocks (chain, number, hash, parent_hash, time)
            select $1, b.* from unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) b
            """);
        remember.AddText(Chain);
        remember.AddArray(blocks, block => block.Number);
        remember.AddArray(blocks, block => block.Hash);
        remember.AddArray(blocks, block => block.ParentHash);
        remember.AddArray(blocks, block => block.Time.UtcDateTime);

        var move = batch.Add("update chains set block_number = $2, block_hash = $3, block_time = $4 where chain = $1");
        move.AddText(Chain);
        move.AddLong(last.Number);
        move.AddText(last.Hash);
        move.AddTime(last.Time);
        return this with { Number = last.Number, Hash = last.Hash, Time = last.Time };
    }
}
