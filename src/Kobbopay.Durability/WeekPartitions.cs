using System.Buffers.Binary;
using System.Collections.Concurrent;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>
/// The weekly partitions of a table whose key is a UUIDv7: made well ahead, or at the latest when a row needs one, and
/// dropped as a whole once all in them is old. The table's migration has the SQL function that makes one,
/// <c>add_{table}_partition(at)</c>; a partition's name ends with its Monday.
/// </summary>
public abstract class WeekPartitions(NpgsqlDataSource database, string table)
{
    private const int WeeksAhead = 4;

    /// <summary>A drop that has to wait for a reader longer than this is tried again, and holds up nobody.</summary>
    private const string ShortPatience = "set local lock_timeout = '2s'";

    private readonly ConcurrentDictionary<long, bool> _there = new();

    /// <summary>
    /// Makes sure that rows with these ids can be stored. In a transaction of its own, so that what is remembered here
    /// is true.
    /// </summary>
    public async Task EnsureAsync(IEnumerable<Guid> ids, CancellationToken cancellation)
    {
        foreach (var id in ids)
            await EnsureAsync(TimeOf(id), cancellation);
    }

    /// <summary>This week's, and those of the next four.</summary>
    public async Task EnsureAheadAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        for (var week = 0; week <= WeeksAhead; week++)
            await EnsureAsync(now.AddDays(7 * week), cancellation);
    }

    public async Task EnsureAsync(DateTimeOffset time, CancellationToken cancellation)
    {
        var week = WeekOf(time);
        if (_there.ContainsKey(week))
            return;

#pragma warning disable CA2100 // The table's name is a constant of the code.
        await using var command = database.CreateCommand($"select add_{table}_partition($1)");
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.ToUniversalTime() });
        await command.ExecuteNonQueryAsync(cancellation);
        _there[week] = true;
    }

    /// <summary>What is remembered turned out to be old: a partition was dropped.</summary>
    public void Forget() => _there.Clear();

    /// <summary>The partitions whose weeks ended before that time, oldest first.</summary>
    public async Task<List<string>> FindOverAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select name from (
              select c.relname::text as name, to_date(right(c.relname, 10), 'YYYY_MM_DD') + 7 as over
              from pg_inherits i join pg_class c on c.oid = i.inhrelid
              where i.inhparent = $2::text::regclass) partitions
            where over <= ($1 at time zone 'UTC')::date order by name
            """);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var over = new List<string>();
        while (await row.ReadAsync(cancellation))
            over.Add(row.GetString(0));
        return over;
    }

    /// <param name="partition">One that <see cref="FindOverAsync"/> gave.</param>
    public async Task DropAsync(string partition, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var drop = new NpgsqlBatch(connection, transaction);
        drop.BatchCommands.Add(new NpgsqlBatchCommand(ShortPatience));
#pragma warning disable CA2100 // The name comes from the catalog, of letters, digits and underscores.
        drop.BatchCommands.Add(new NpgsqlBatchCommand($"drop table if exists {partition}"));
#pragma warning restore CA2100
        await drop.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        Forget();
    }

    /// <summary>The time in a UUIDv7.</summary>
    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16));
    }

    /// <summary>Weeks since Monday, 29 December 1969.</summary>
    private static long WeekOf(DateTimeOffset time) =>
        (time.ToUnixTimeSeconds() + (long)TimeSpan.FromDays(3).TotalSeconds) / (long)TimeSpan.FromDays(7).TotalSeconds;
}
