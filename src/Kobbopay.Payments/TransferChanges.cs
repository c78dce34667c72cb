using System.Numerics;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// What makes a transfer the same one in whatever block: the log index changes from block to block, its place among the
/// transaction's transfers of this token to this recipient does not (contracts.md, section 2).
/// </summary>
/// <param name="Contract">Empty for an asset without a contract.</param>
internal readonly record struct TransferKey(string TxHash, string Contract, string Recipient, int Ordinal);

/// <summary>A row of <c>transfers</c>.</summary>
internal sealed record TransferRow(
    Guid Id,
    Guid PaymentId,
    TransferKey Key,
    BigInteger Amount,
    long BlockNumber,
    string BlockHash,
    int LogIndex,
    DateTimeOffset BlockTime,
    DateTimeOffset FirstBlockTime,
    bool Canonical)
{
    public Transfer ToTransfer() => new(Id, Key.TxHash, Amount, BlockNumber, BlockHash, FirstBlockTime);
}

/// <summary>A payment's address; watched for a while after the payment was confirmed or has closed.</summary>
/// <param name="WasPaid">The payment has got its money.</param>
internal sealed record WatchedAddress(
    Guid PaymentId, string Address, string Chain, string Contract, DateTimeOffset? ClosedAt, bool WasPaid);

/// <summary>
/// The statements of transfers, beside <see cref="PaymentChanges"/>: what a scan found goes into the transaction that
/// holds what it means for the payments. One scanner holds a chain at a time, so nobody else writes the chain's
/// transfers meanwhile.
/// </summary>
internal static class TransferChanges
{
    private const string Columns = """
        t.id, t.payment_id, t.tx_hash, t.contract, t.recipient, t.ordinal, t.amount, t.block_number, t.block_hash,
        t.log_index, t.block_time, t.first_block_time, t.canonical
        """;

    /// <summary>
    /// Payments at these addresses, whatever their status. An xpub's address is the same on every network of its kind,
    /// so money for it may turn up on another one than the payment's.
    /// </summary>
    /// <param name="ofXpubs">The addresses are xpubs', and a payment's chain may be any.</param>
    public static void SelectWatched(NpgsqlBatch batch, string chain, bool ofXpubs, string[] recipients)
    {
        var select = batch.Add($"""
            select p.id, p.deposit_address, p.chain, coalesce(p.contract, ''),
              case when p.status = 'Confirmed' then p.confirmed_at else p.closed_at end, p.status = 'Confirmed'
            from payments p
            where p.deposit_address = any($1)
              and {(ofXpubs ? "p.xpub_fingerprint is not null" : "p.chain = $2")}
            """);
        select.Add(new NpgsqlParameter<string[]> { TypedValue = recipients });
        if (!ofXpubs)
            select.AddText(chain);
    }

    public static WatchedAddress ReadWatched(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3),
        row.IsDBNull(4) ? null : PaymentRows.Time(row, 4), row.GetBoolean(5));

    /// <summary>The transfers, canonical or not, of these transactions to payments at these addresses.</summary>
    public static void SelectKnown(NpgsqlBatch batch, string chain, string[] recipients, string[] txHashes)
    {
        var select = batch.Add($"""
            select {Columns} from payments p join transfers t on t.payment_id = p.id
            where p.chain = $1 and p.deposit_address = any($2) and t.tx_hash = any($3)
            """);
        select.AddText(chain);
        select.Add(new NpgsqlParameter<string[]> { TypedValue = recipients });
        select.Add(new NpgsqlParameter<string[]> { TypedValue = txHashes });
    }

    /// <summary>What stands in blocks above a height.</summary>
    public static void SelectAbove(NpgsqlBatch batch, string chain, long block)
    {
        var select = batch.Add($"""
            select {Columns} from transfers t where t.chain = $1 and t.canonical and t.block_number > $2
            """);
        select.AddText(chain);
        select.AddLong(block);
    }

    /// <summary>
    /// Payments that one more block means something to: all that are Paid, and whoever has money above a height from
    /// which on it may lack confirmations, whatever the status.
    /// </summary>
    public static void SelectWaiting(NpgsqlBatch batch, string chain, long block)
    {
        var select = batch.Add("""
            select id from payments where chain = $1 and status = 'Paid'
            union
            select payment_id from transfers where chain = $1 and canonical and block_number > $2
            """);
        select.AddText(chain);
        select.AddLong(block);
    }

    public static TransferRow Read(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetGuid(1),
        new TransferKey(row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5)),
        row.GetFieldValue<BigInteger>(6),
        row.GetInt64(7),
        row.GetString(8),
        row.GetInt32(9),
        PaymentRows.Time(row, 10),
        PaymentRows.Time(row, 11),
        row.GetBoolean(12));

    /// <summary>
    /// New transfers, and new places of known ones: those keep their id and the time they were first mined.
    /// </summary>
    public static void AddSeen(NpgsqlBatch batch, string chain, List<TransferRow> seen, DateTimeOffset now)
    {
        if (seen.Count == 0)
            return;

        var upsert = batch.Add("""
            insert into transfers
              (id, payment_id, chain, tx_hash, contract, recipient, ordinal, amount, block_number, block_hash,
               log_index, block_time, first_block_time, seen_at)
            select t.id, t.payment_id, $1, t.tx_hash, t.contract, t.recipient, t.ordinal, t.amount, t.block_number,
              t.block_hash, t.log_index, t.block_time, t.first_block_time, $2
            from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[], $9::numeric[],
              $10::bigint[], $11::text[], $12::int[], $13::timestamptz[], $14::timestamptz[])
              t (id, payment_id, tx_hash, contract, recipient, ordinal, amount, block_number, block_hash, log_index,
                 block_time, first_block_time)
            on conflict (chain, tx_hash, contract, recipient, ordinal) do update set
              amount = excluded.amount, block_number = excluded.block_number, block_hash = excluded.block_hash,
              log_index = excluded.log_index, block_time = excluded.block_time, canonical = true
            """);
        upsert.AddText(chain);
        upsert.AddTime(now);
        upsert.AddArray(seen, row => row.Id);
        upsert.AddArray(seen, row => row.PaymentId);
        upsert.AddArray(seen, row => row.Key.TxHash);
        upsert.AddArray(seen, row => row.Key.Contract);
        upsert.AddArray(seen, row => row.Key.Recipient);
        upsert.AddArray(seen, row => row.Key.Ordinal);
        upsert.AddArray(seen, row => row.Amount);
        upsert.AddArray(seen, row => row.BlockNumber);
        upsert.AddArray(seen, row => row.BlockHash);
        upsert.AddArray(seen, row => row.LogIndex);
        upsert.AddArray(seen, row => row.BlockTime.UtcDateTime);
        upsert.AddArray(seen, row => row.FirstBlockTime.UtcDateTime);
    }

    /// <summary>
    /// Transfers that left the canonical chain: kept, since they may come back, but no longer counted.
    /// </summary>
    public static void AddDropped(NpgsqlBatch batch, List<TransferRow> dropped)
    {
        if (dropped.Count > 0)
            batch.Add("update transfers set canonical = false where id = any($1)").AddArray(dropped, row => row.Id);
    }
}
