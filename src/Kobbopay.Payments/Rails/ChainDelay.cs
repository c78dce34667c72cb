using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>What a failure changed about a chain.</summary>
public enum ChainTrouble
{
    /// <summary>It was failing before.</summary>
    Old,

    /// <summary>It has begun to fail.</summary>
    New,

    /// <summary>It has been failing for longer than is tolerated: its payments say so from now on.</summary>
    Delayed,
}

/// <summary>
/// Knows which chains can't be read in full, because their provider fails or says that it is behind, and makes their
/// open payments say so once that has lasted longer than the rail tolerates. Payments learn of it in bounded batches,
/// without a version or an event; nothing is decided by it, since only what was seen ever expires a payment.
/// </summary>
public sealed class ChainDelay(NpgsqlDataSource database, PaymentStore store, TimeProvider clock)
{
    /// <summary>Payments told by one transaction.</summary>
    public const int BatchLimit = 500;

    /// <summary>
    /// A creation that began before the change has ended by then; it is found among the others until then.
    /// </summary>
    private static readonly TimeSpan LongestCreation = TimeSpan.FromSeconds(30);

    /// <summary>Records that a chain could not be read, unless another scanner has it.</summary>
    public async Task<ChainTrouble> FailedAsync(IRail rail, string chain, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await ChainCursor.LockAsync(connection, chain, rail.Network, cancellation) is not { } before)
            return ChainTrouble.Old;

        var after = await RecordAsync(connection, rail, before, failing: true, cancellation);
        await transaction.CommitAsync(cancellation);
        return after.Delayed && !before.Delayed ? ChainTrouble.Delayed
            : before.Failing ? ChainTrouble.Old
            : ChainTrouble.New;
    }

    /// <summary>Records how a chain could be read, in the transaction that holds its cursor.</summary>
    internal async Task<ChainCursor> RecordAsync(
        NpgsqlConnection connection, IRail rail, ChainCursor cursor, bool failing, CancellationToken cancellation)
    {
        if (!failing && !cursor.Failing)
            return cursor;

        await using var command = new NpgsqlCommand(
            """
            update chains c set
              failing_since = n.failing_since,
              delayed = n.delayed,
              delay_changed_at = case when c.delayed = n.delayed then c.delay_changed_at else $3 end,
              delay_settled = c.delay_settled and c.delayed = n.delayed
            from (
              select f.failing_since, coalesce(f.failing_since <= $4, false) as delayed
              from (select case when $2 then coalesce(failing_since, $3) end as failing_since
                    from chains where chain = $1) f) n
            where c.chain = $1
            returning c.delayed
            """,
            connection);
        var now = clock.Now();
        command.Parameters.AddText(cursor.Chain);
        command.Parameters.AddFlag(failing);
        command.Parameters.AddTime(now);
        command.Parameters.AddTime(now - rail.ToleratedSilence);
        return cursor with { Failing = failing, Delayed = (bool)(await command.ExecuteScalarAsync(cancellation))! };
    }

    /// <summary>Chains that failed the last time: only another try can tell that they are back.</summary>
    internal static async Task<List<string>> FailingAsync(
        NpgsqlDataSource database, string network, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select chain from chains where failing_since is not null and network = $2 order by random() limit $1
            """);
        command.Parameters.AddInteger(limit);
        command.Parameters.AddText(network);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(chain => chain.GetString(0), cancellation);
    }

    /// <summary>Tells the next payments of a network's chains whose delay has begun or ended.</summary>
    /// <returns>Whether more are waiting.</returns>
    public async Task<bool> SettleAsync(string network, int chainLimit, CancellationToken cancellation)
    {
        List<string> unsettled;
        await using (var command = database.CreateCommand(
            "select chain from chains where not delay_settled and network = $2 order by random() limit $1"))
        {
            command.Parameters.AddInteger(chainLimit);
            command.Parameters.AddText(network);
            await using var row = await command.ExecuteReaderAsync(cancellation);
            unsettled = await row.ReadAllAsync(chain => chain.GetString(0), cancellation);
        }

        var more = false;
        foreach (var chain in unsettled)
            more |= await SettleAsync(chain, cancellation);
        return more;
    }

    private async Task<bool> SettleAsync(string chain, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await DelayOfAsync(connection, chain, cancellation) is not (var delayed, var changedAt))
            return false;

        var ids = await UntoldAsync(connection, chain, delayed, cancellation);
        await using var batch = connection.CreateBatch();
        await store.AddDelayAsync(
            batch, await PaymentStore.LockAsync(connection, [.. ids], cancellation), delayed, cancellation);
        if (ids.Count == 0 && changedAt + LongestCreation < clock.Now())
            batch.Add("update chains set delay_settled = true where chain = $1").AddText(chain);
        if (batch.BatchCommands.Count == 0)
            return false;

        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        store.Committed(progressed: true);
        return ids.Count == BatchLimit;
    }

    private static async Task<(bool Delayed, DateTimeOffset ChangedAt)?> DelayOfAsync(
        NpgsqlConnection connection, string chain, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select delayed, delay_changed_at from chains
            where chain = $1 and not delay_settled for update skip locked
            """,
            connection);
        command.Parameters.AddText(chain);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? (row.GetBoolean(0), PaymentRows.Time(row, 1)) : null;
    }

    private static async Task<List<Guid>> UntoldAsync(
        NpgsqlConnection connection, string chain, bool delayed, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            (select id from payments where chain = $1 and status = 'Pending' and delayed <> $2 limit $3)
            union all
            (select id from payments where chain = $1 and status = 'Paid' and delayed <> $2 limit $3)
            limit $3
            """,
            connection);
        command.Parameters.AddText(chain);
        command.Parameters.AddFlag(delayed);
        command.Parameters.AddInteger(BatchLimit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(id => id.GetGuid(0), cancellation);
    }
}
