using System.Buffers.Binary;
using System.Collections.Concurrent;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>
/// The weekly partitions of <c>events</c>: made well ahead, or at the latest when an event needs one, and dropped as a
/// whole once all in them is older than 90 days (contracts.md, section 3).
/// </summary>
public sealed class EventPartitions(NpgsqlDataSource database)
{
    private readonly ConcurrentDictionary<long, bool> _there = new();

    /// <summary>
    /// Makes sure that events with these ids can be stored. In a transaction of its own, so that what is remembered
    /// here is true.
    /// </summary>
    public async Task EnsureAsync(IEnumerable<Guid> ids, CancellationToken cancellation)
    {
        foreach (var id in ids)
            await EnsureAsync(TimeOf(id), cancellation);
    }

    public async Task EnsureAsync(DateTimeOffset time, CancellationToken cancellation)
    {
        var week = WeekOf(time);
        if (_there.ContainsKey(week))
            return;

        await using var command = database.CreateCommand("select add_events_partition($1)");
        command.Parameters.AddTime(time);
        await command.ExecuteNonQueryAsync(cancellation);
        _there[week] = true;
    }

    /// <summary>What is remembered turned out to be old: a partition was dropped.</summary>
    public void Forget() => _there.Clear();

    /// <summary>The time in a UUIDv7.</summary>
    internal static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16));
    }

    /// <summary>Weeks since Monday, 29 December 1969.</summary>
    private static long WeekOf(DateTimeOffset time) =>
        (time.ToUnixTimeSeconds() + (long)TimeSpan.FromDays(3).TotalSeconds) / (long)TimeSpan.FromDays(7).TotalSeconds;
}

/// <summary>Makes partitions ahead and drops those that are over, with what else is forgotten at that age.</summary>
public sealed partial class KeepEvents(
    NpgsqlDataSource database, EventPartitions partitions, TimeProvider clock, ILogger<KeepEvents> logger)
    : BackgroundLoop(clock, logger)
{
    /// <summary>Events are kept at least so long; their week is dropped as a whole.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private const int WeeksAhead = 4;
    private const int RequestsAtOnce = 1_000;

    /// <summary>A drop that has to wait for a reader longer than this is tried again, and holds up nobody.</summary>
    private const string ShortPatience = "set local lock_timeout = '2s'";

    private readonly ILogger _logger = logger;

    protected override TimeSpan Interval => TimeSpan.FromHours(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var now = Clock.GetUtcNow();
        for (var week = 0; week <= WeeksAhead; week++)
            await partitions.EnsureAsync(now.AddDays(7 * week), cancellation);
        foreach (var partition in await FindOverAsync(now - Kept, cancellation))
            await DropAsync(partition, cancellation);
        return await ForgetRequestsAsync(now - Kept, cancellation) == RequestsAtOnce;
    }

    private async Task<List<string>> FindOverAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select name from (
              select c.relname::text as name, to_date(right(c.relname, 10), 'YYYY_MM_DD') + 7 as over
              from pg_inherits i join pg_class c on c.oid = i.inhrelid
              where i.inhparent = 'events'::regclass) partitions
            where over <= ($1 at time zone 'UTC')::date order by name
            """);
        command.Parameters.AddTime(before);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var over = new List<string>();
        while (await row.ReadAsync(cancellation))
            over.Add(row.GetString(0));
        return over;
    }

    /// <summary>
    /// First the feeds begin after what is in the partition, then it goes: nobody reads half of a week.
    /// </summary>
    private async Task DropAsync(string partition, CancellationToken cancellation)
    {
#pragma warning disable CA2100 // The name comes from the catalog, of letters, digits and underscores.
        await using (var begin = database.CreateCommand(
            $"""
            update event_counters c set dropped = last.sequence
            from event_counters s, lateral (
              select sequence from {partition} e
              where e.merchant_id = s.merchant_id and e.environment = s.environment
              order by sequence desc limit 1) last
            where c.merchant_id = s.merchant_id and c.environment = s.environment and c.dropped < last.sequence
            """))
            await begin.ExecuteNonQueryAsync(cancellation);

        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var drop = new NpgsqlBatch(connection, transaction);
        drop.Add(ShortPatience);
        drop.Add($"drop table if exists {partition}");
#pragma warning restore CA2100
        await drop.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        partitions.Forget();
        LogDropped(partition);
    }

    private async Task<int> ForgetRequestsAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            delete from requested_events where ctid = any (array(
              select ctid from requested_events where filed_at < $1 limit $2 for update skip locked))
            """);
        command.Parameters.AddTime(before);
        command.Parameters.AddInteger(RequestsAtOnce);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Information, "Dropped {Partition}: all its events are older than 90 days")]
    private partial void LogDropped(string partition);
}
