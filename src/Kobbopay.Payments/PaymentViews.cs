using System.Numerics;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Reads payments to show them. The row knows what its transfers add up to; the newest come along in the same
/// statement, so that both are of one moment, in one round trip.
/// </summary>
internal static class PaymentViews
{
    /// <summary>Aliases <c>p</c> and, for <see cref="Newest"/>, <c>n</c>; the order is <see cref="Read"/>'s.</summary>
    public const string Columns = $"""
        {PaymentRows.Columns},
        p.received, p.final, p.confirmations, p.outcome, p.transfer_count,
        n.ids, n.tx_hashes, n.amounts, n.block_numbers, n.block_hashes, n.first_block_times
        """;

    private const int OwnColumns = 11;

    /// <summary>Joined to <c>payments p</c>. Nothing is looked up for a payment without transfers.</summary>
    public static readonly string Newest = $"""
        cross join lateral (
          select array_agg(t.id) as ids, array_agg(t.tx_hash) as tx_hashes, array_agg(t.amount) as amounts,
            array_agg(t.block_number) as block_numbers, array_agg(t.block_hash) as block_hashes,
            array_agg(t.first_block_time) as first_block_times
          from (
            select t.id, t.tx_hash, t.amount, t.block_number, t.block_hash, t.first_block_time from transfers t
            where p.transfer_count > 0 and t.payment_id = p.id and t.canonical
            order by t.block_number desc, t.id desc limit {PaymentJson.TransfersShown}) t) n
        """;

    public static async Task<PaymentView?> FindAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? Read(row) : null;
    }

    /// <summary>Rows of <see cref="Columns"/>.</summary>
    public static Task<List<PaymentView>> ReadAllAsync(NpgsqlDataReader row, CancellationToken cancellation) =>
        row.ReadAllAsync(Read, cancellation);

    public static PaymentView Read(NpgsqlDataReader row)
    {
        var payment = PaymentRows.Read(row);
        var own = row.FieldCount - OwnColumns;
        var transfers = new TransferSummary(
            row.GetFieldValue<BigInteger>(own),
            row.GetFieldValue<BigInteger>(own + 1),
            row.GetInt32(own + 2),
            Enum.Parse<PaymentOutcome>(row.GetString(own + 3), ignoreCase: true),
            row.GetInt32(own + 4),
            row.IsDBNull(own + 5) ? [] : TransferSummary.NewestOf(ReadTransfers(row, own + 5)));
        return new PaymentView(payment.Details, payment.State, transfers, payment.Progress, payment.Delayed);
    }

    private static IEnumerable<Transfer> ReadTransfers(NpgsqlDataReader row, int first)
    {
        var ids = row.GetFieldValue<Guid[]>(first);
        var txHashes = row.GetFieldValue<string[]>(first + 1);
        var amounts = row.GetFieldValue<BigInteger[]>(first + 2);
        var blockNumbers = row.GetFieldValue<long[]>(first + 3);
        var blockHashes = row.GetFieldValue<string[]>(first + 4);
        var firstBlockTimes = row.GetFieldValue<DateTime[]>(first + 5);
        return ids.Select((id, i) => new Transfer(
            id, txHashes[i], amounts[i], blockNumbers[i], blockHashes[i], new(firstBlockTimes[i], TimeSpan.Zero)));
    }
}
