using System.Numerics;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Exceptions;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// Expires the pending payments whose window the chain's cursor has passed, in block time. It runs in the transaction
/// of the scan that moved the cursor, after its findings, so that expiry can never overtake money that is on the chain.
/// </summary>
public sealed class ExpirePayments(PaymentStore store, PaymentExceptions exceptions, TimeProvider clock)
{
    /// <summary>Payments expired by one scan.</summary>
    public const int BatchLimit = 500;

    /// <summary>
    /// What an address owns beyond what was seen to come in has come by a way that scans don't see (a contract's
    /// internal transfer): that is a person's matter, and the payment stays open until the exception is closed.
    /// </summary>
    /// <returns>Whether more are waiting.</returns>
    internal async Task<bool> RunAsync(
        NpgsqlConnection connection, IRail rail, ChainCursor cursor, CancellationToken cancellation)
    {
        if (cursor.Time is not { } blockTime)
            return false;

        var now = clock.Now();
        var due = await DueAsync(connection, cursor.Chain, blockTime, now, cancellation);
        if (due.Count == 0)
            return false;

        var payments = await PaymentStore.LockAsync(connection, [.. due.Select(one => one.Id)], cancellation);
        await using var batch = connection.CreateBatch();
        var missed = await AddMissedAsync(
            batch, rail, [.. payments.Where(payment => MayHaveMissed(payment, due))], cursor.Number, cancellation);
        foreach (var payment in payments.Where(payment => !missed.Contains(payment.Details.Id)))
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
    internal static async Task<List<string>> ChainsAsync(
        NpgsqlDataSource database, string network, DateTimeOffset now, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select c.chain from chains c
            where c.network = $3 and exists (
              select from payments p where p.chain = c.chain and p.status = 'Pending' and p.expires_at < c.block_time
                and (p.reverted_at is null or p.reverted_at <= $1))
            order by random() limit $2
            """);
        command.Parameters.AddTime(now - PaymentLifecycle.RevertedGrace);
        command.Parameters.AddInteger(limit);
        command.Parameters.AddText(network);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(chain => chain.GetString(0), cancellation);
    }

    /// <summary>Money in the network's own currency may; an exception that was closed has settled it.</summary>
    private static bool MayHaveMissed(PaymentRecord payment, List<(Guid Id, bool WasChecked)> due) =>
        payment.Details.Contract is null && due.Contains((payment.Details.Id, false));

    /// <summary>Opens the exceptions of payments whose address owns more than was seen.</summary>
    /// <returns>Payments that must not expire now: these, and all while balances can't be read.</returns>
    private async Task<HashSet<Guid>> AddMissedAsync(
        NpgsqlBatch batch, IRail rail, List<PaymentRecord> payments, long block, CancellationToken cancellation)
    {
        if (payments.Count == 0)
            return [];
        IReadOnlyDictionary<string, BigInteger>? balances;
        try
        {
            balances = await rail.BalancesAsync(
                [.. payments.Select(payment => payment.Details.DepositAddress)], block, cancellation);
        }
        catch (RailUnavailableException)
        {
            // Only these wait: what the scan has found is stored, and the rest expires.
            return [.. payments.Select(payment => payment.Details.Id)];
        }

        var missed = new HashSet<Guid>();
        foreach (var payment in payments)
        {
            if (balances is null || balances[payment.Details.DepositAddress] <= payment.State.Received)
                continue;
            missed.Add(payment.Details.Id);
            exceptions.AddMissedTransfer(
                batch, payment, balances[payment.Details.DepositAddress], block, clock.Now());
        }

        return missed;
    }

    private static async Task<List<(Guid Id, bool WasChecked)>> DueAsync(
        NpgsqlConnection connection,
        string chain,
        DateTimeOffset blockTime,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select p.id, exists (select from exceptions e where e.payment_id = p.id and e.kind = $5)
            from payments p
            where p.chain = $1 and p.status = 'Pending' and p.expires_at < $2
              and (p.reverted_at is null or p.reverted_at <= $3)
              and not exists (
                select from exceptions e where e.payment_id = p.id and e.kind = $5 and e.closed_at is null)
            order by p.expires_at limit $4
            """,
            connection);
        command.Parameters.AddText(chain);
        command.Parameters.AddTime(blockTime);
        command.Parameters.AddTime(now - PaymentLifecycle.RevertedGrace);
        command.Parameters.AddInteger(BatchLimit);
        command.Parameters.AddText(PaymentExceptions.MissedTransfer);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(due => (due.GetGuid(0), due.GetBoolean(1)), cancellation);
    }
}
