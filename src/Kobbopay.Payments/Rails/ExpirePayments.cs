using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// Expires the pending payments whose window the chain's cursor has passed, in block time. It runs in the transaction
/// of the scan that moved the cursor, after its findings, so that expiry can never overtake money that is on the chain.
/// </summary>
public sealed class ExpirePayments(PaymentStore store, TimeProvider clock)
{
    /// <summary>Payments expired by one scan.</summary>
    public const int BatchLimit = 500;

    /// <returns>Whether more are waiting.</returns>
    internal async Task<bool> RunAsync(NpgsqlConnection connection, ChainCursor cursor, CancellationToken cancellation)
    {
        if (cursor.Time is not { } blockTime)
            return false;

        var now = clock.Now();
        var due = await DueAsync(connection, cursor.Chain, blockTime, now, cancellation);
        if (due.Count == 0)
            return false;

        var payments = await PaymentStore.LockAsync(connection, [.. due], cancellation);
        await using var batch = connection.CreateBatch();
        foreach (var payment in payments)
        {
            // Between the look and the lock a merchant may have canceled it.
            if (PaymentLifecycle.Apply(payment.State, new PaymentInput.ChainTimeReached(blockTime), now)
                is Decision.Accepted expired)
                await store.AddChangeAsync(batch, payment, expired, cancellation);
        }

        if (batch.BatchCommands.Count > 0)
            await batch.ExecuteNonQueryAsync(cancellation);
        return due.Count == BatchLimit;
    }

    /// <summary>
    /// Chains that have payments to expire, whether or not they have new blocks; at most <paramref name="limit"/>.
    /// </summary>
    internal static async Task<List<(string Chain, string Network)>> ChainsAsync(
        NpgsqlDataSource database, DateTimeOffset now, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select c.chain, c.network from chains c
            where exists (
              select from payments p where p.chain = c.chain and p.status = 'Pending' and p.expires_at < c.block_time
                and (p.reverted_at is null or p.reverted_at <= $1))
            order by random() limit $2
            """);
        command.Parameters.AddTime(now - PaymentLifecycle.RevertedGrace);
        command.Parameters.AddInteger(limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(chain => (chain.GetString(0), chain.GetString(1)), cancellation);
    }

    private static async Task<List<Guid>> DueAsync(
        NpgsqlConnection connection,
        string chain,
        DateTimeOffset blockTime,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select id from payments
            where chain = $1 and status = 'Pending' and expires_at < $2 and (reverted_at is null or reverted_at <= $3)
            order by expires_at limit $4
            """,
            connection);
        command.Parameters.AddText(chain);
        command.Parameters.AddTime(blockTime);
        command.Parameters.AddTime(now - PaymentLifecycle.RevertedGrace);
        command.Parameters.AddInteger(BatchLimit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(id => id.GetGuid(0), cancellation);
    }
}
