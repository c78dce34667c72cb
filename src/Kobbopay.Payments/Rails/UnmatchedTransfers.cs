using System.Numerics;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>Why a transfer to a payment's address counts for no payment.</summary>
internal static class UnmatchedReasons
{
    /// <summary>Another token than the payment's.</summary>
    public const string WrongToken = "wrong_token";

    /// <summary>To the address of a payment on another network, where the same xpub has the same address.</summary>
    public const string WrongNetwork = "wrong_network";

    /// <summary>Nothing was moved. It is kept because somebody made it look like a payment.</summary>
    public const string ZeroValue = "zero_value";

    /// <summary>Long after the payment was paid and confirmed: somebody used its address again.</summary>
    public const string SecondPayment = "second_payment";

    /// <summary>After the time that an expired or canceled payment's address is watched.</summary>
    public const string ClosedPayment = "closed_payment";

    public static readonly string[] All = [WrongToken, WrongNetwork, ZeroValue, SecondPayment, ClosedPayment];
}

/// <summary>A transfer to a payment's address that a scan met and that counts for none.</summary>
internal sealed record Uncounted(
    Block Block, TokenTransfer Transfer, TransferKey Key, Guid PaymentId, string Reason);

/// <summary>A row of <c>unmatched_transfers</c>.</summary>
internal sealed record UnmatchedRow(
    Guid Id,
    Guid PaymentId,
    TransferKey Key,
    BigInteger Amount,
    long BlockNumber,
    string BlockHash,
    int LogIndex,
    DateTimeOffset BlockTime,
    string Reason,
    bool Canonical);

/// <summary>
/// The transfers of new blocks that are ours and count for no payment. They follow reorganisations as those of payments
/// do (<see cref="Findings"/>): one that is mined again keeps its id, one that is gone is marked.
/// </summary>
internal sealed record UnmatchedTransfers(List<UnmatchedRow> Seen, List<UnmatchedRow> Dropped)
{
    private const string Columns = """
        u.id, u.payment_id, u.tx_hash, u.contract, u.recipient, u.ordinal, u.amount, u.block_number, u.block_hash,
        u.log_index, u.block_time, u.reason, u.canonical
        """;

    /// <param name="known">Those of the blocks' transactions that were seen before.</param>
    /// <param name="orphaned">Those in blocks that no longer stand.</param>
    public static UnmatchedTransfers Of(
        IReadOnlyCollection<Uncounted> uncounted,
        IEnumerable<UnmatchedRow> known,
        List<UnmatchedRow> orphaned,
        TimeProvider clock)
    {
        var rows = known.Concat(orphaned).DistinctBy(row => row.Id).ToDictionary(row => row.Key);
        var ids = Findings.NewIds(uncounted.Count, clock);
        var seen = new List<UnmatchedRow>();
        var standing = new HashSet<Guid>();
        foreach (var (block, transfer, key, paymentId, reason) in uncounted)
        {
            var before = rows.GetValueOrDefault(key);
            var row = new UnmatchedRow(
                before?.Id ?? ids.Dequeue(), paymentId, key, transfer.Amount, block.Number, block.Hash,
                transfer.LogIndex, block.Time, reason, Canonical: true);
            standing.Add(row.Id);
            if (row != before)
                seen.Add(row);
        }

        return new UnmatchedTransfers(seen, [.. orphaned.Where(row => !standing.Contains(row.Id))]);
    }

    /// <summary>Those of these transactions, and those in blocks above a height, standing or not.</summary>
    public static void SelectKnownAndAbove(NpgsqlBatch batch, string chain, string[] txHashes, long block)
    {
        var known = batch.Add(
            $"select {Columns} from unmatched_transfers u where u.chain = $1 and u.tx_hash = any($2)");
        known.AddText(chain);
        known.Add(new NpgsqlParameter<string[]> { TypedValue = txHashes });
        var above = batch.Add($"""
            select {Columns} from unmatched_transfers u where u.chain = $1 and u.canonical and u.block_number > $2
            """);
        above.AddText(chain);
        above.AddLong(block);
    }

    public static UnmatchedRow Read(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetGuid(1),
        new TransferKey(row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5)),
        row.GetFieldValue<BigInteger>(6),
        row.GetInt64(7),
        row.GetString(8),
        row.GetInt32(9),
        PaymentRows.Time(row, 10),
        row.GetString(11),
        row.GetBoolean(12));

    /// <summary>Adds what has changed to the scan's transaction.</summary>
    public void AddTo(NpgsqlBatch batch, IRail rail, string chain, DateTimeOffset now)
    {
        if (Dropped.Count > 0)
        {
            batch.Add("update unmatched_transfers set canonical = false where id = any($1)")
                .AddArray(Dropped, row => row.Id);
        }

        if (Seen.Count > 0)
            AddSeen(batch, rail, chain, now);
    }

    private void AddSeen(NpgsqlBatch batch, IRail rail, string chain, DateTimeOffset now)
    {
        RailAsset? AssetOf(UnmatchedRow row) =>
            rail.Assets.FirstOrDefault(asset => (asset.Contract ?? string.Empty) == row.Key.Contract);
        var upsert = batch.Add("""
            insert into unmatched_transfers
              (id, payment_id, merchant_id, environment, network, chain, currency, decimals, reason, tx_hash, contract,
               recipient, ordinal, amount, block_number, block_hash, log_index, block_time, seen_at)
            select u.id, p.id, p.merchant_id, p.environment, $17, $1, u.currency, u.decimals, u.reason, u.tx_hash,
              u.contract, u.recipient, u.ordinal, u.amount, u.block_number, u.block_hash, u.log_index, u.block_time, $2
            from unnest($3::uuid[], $4::uuid[], $5::text[], $6::smallint[], $7::text[], $8::text[], $9::text[],
              $10::text[], $11::int[], $12::numeric[], $13::bigint[], $14::text[], $15::int[], $16::timestamptz[])
              u (id, payment_id, currency, decimals, reason, tx_hash, contract, recipient, ordinal, amount,
                 block_number, block_hash, log_index, block_time)
            join payments p on p.id = u.payment_id
            on conflict (chain, tx_hash, contract, recipient, ordinal) do update set
              amount = excluded.amount, block_number = excluded.block_number, block_hash = excluded.block_hash,
              log_index = excluded.log_index, block_time = excluded.block_time, reason = excluded.reason,
              canonical = true
            """);
        upsert.AddText(chain);
        upsert.AddTime(now);
        upsert.AddArray(Seen, row => row.Id);
        upsert.AddArray(Seen, row => row.PaymentId);
        upsert.AddArray(Seen, row => AssetOf(row)?.Currency);
        upsert.AddArray(Seen, row => (short?)AssetOf(row)?.Decimals);
        upsert.AddArray(Seen, row => row.Reason);
        upsert.AddArray(Seen, row => row.Key.TxHash);
        upsert.AddArray(Seen, row => row.Key.Contract);
        upsert.AddArray(Seen, row => row.Key.Recipient);
        upsert.AddArray(Seen, row => row.Key.Ordinal);
        upsert.AddArray(Seen, row => row.Amount);
        upsert.AddArray(Seen, row => row.BlockNumber);
        upsert.AddArray(Seen, row => row.BlockHash);
        upsert.AddArray(Seen, row => row.LogIndex);
        upsert.AddArray(Seen, row => row.BlockTime.UtcDateTime);
        upsert.AddText(rail.Network);
    }
}
