using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <summary>
/// Gives the entries that wait (<see cref="AuditLog.Enqueue"/>) their places in the chain: many at a time, in one
/// transaction, so that what happens often does not wait for the head's lock.
/// </summary>
public sealed class ChainAuditLog(NpgsqlDataSource database, TimeProvider clock, ILogger<ChainAuditLog> logger)
    : BackgroundLoop(clock, logger)
{
    private const int BatchLimit = 500;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var entries = await TakeAsync(connection, cancellation);
        if (entries.Count == 0)
            return false;

        FaultPoint.Pass("audit.taken");
        var (sequence, hash) = await LockHeadAsync(connection, cancellation);
        var hashes = entries.ConvertAll(entry => hash = AuditLog.HashOf(hash, entry.Text));
        await using var batch = connection.CreateBatch();
        var log = batch.Add(
            """
            insert into audit_log (sequence, id, entry, hash)
            select $1 + e.place, e.id, e.entry, e.hash
            from unnest($2::uuid[], $3::text[], $4::bytea[]) with ordinality e (id, entry, hash, place)
            """);
        log.AddLong(sequence);
        log.AddArray(entries, entry => entry.Id);
        log.AddArray(entries, entry => entry.Text);
        log.AddArray(hashes, one => one);
        var head = batch.Add("update audit_head set sequence = $1, hash = $2");
        head.AddLong(sequence + entries.Count);
        head.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        await batch.ExecuteNonQueryAsync(cancellation);
        FaultPoint.Pass("audit.written");
        await transaction.CommitAsync(cancellation);
        return entries.Count == BatchLimit;
    }

    private static async Task<List<Waiting>> TakeAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.BeginByKey();
        var take = batch.Add(
            """
            with taken as (
              delete from audit_waiting where position = any (array(
                select position from audit_waiting order by position limit $1 for update skip locked))
              returning position, id, entry)
            select id, entry from taken order by position
            """);
        take.AddInteger(BatchLimit);
        batch.EndByKey();
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        var entries = new List<Waiting>();
        while (await row.ReadAsync(cancellation))
            entries.Add(new Waiting(row.GetGuid(0), row.GetString(1)));
        return entries;
    }

    /// <summary>Nobody else adds an entry until the transaction ends.</summary>
    private static async Task<(long Sequence, byte[] Hash)> LockHeadAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select sequence, hash from audit_head for update", connection);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return (row.GetInt64(0), row.GetFieldValue<byte[]>(1));
    }

    private sealed record Waiting(Guid Id, string Text);
}
