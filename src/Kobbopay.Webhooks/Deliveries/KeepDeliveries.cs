using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>The weekly partitions of <c>attempts</c>.</summary>
public sealed class AttemptPartitions(NpgsqlDataSource database) : WeekPartitions(database, "attempts")
{
    private readonly NpgsqlDataSource _database = database;

    /// <summary>
    /// Those of all attempts under way. A dispatcher whose clock was weeks off may have begun some and died, and their
    /// loss is recorded at the time they have.
    /// </summary>
    public async Task EnsureUnderWayAsync(CancellationToken cancellation)
    {
        Forget();
        await using var command = _database.CreateCommand(
            """
            select add_attempts_partition(week) from (
              select distinct date_trunc('week', attempt_started_at, 'UTC') as week from delivery_queue
              where attempt_started_at is not null) under_way
            """);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

/// <summary>
/// Keeps what was delivered for 90 days: makes the partitions of attempts ahead and drops those that are over, and
/// forgets finished deliveries, then events that no delivery needs, a bounded number at a time. What is pending stays,
/// however old.
/// </summary>
public sealed partial class KeepDeliveries(
    NpgsqlDataSource database, AttemptPartitions partitions, TimeProvider clock, ILogger<KeepDeliveries> logger)
    : BackgroundLoop(clock, logger)
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private const int AtOnce = 1_000;

    private const string ForgetDeliveries = """
        delete from deliveries where id = any (array(
          select id from deliveries where id < lowest_id($1) and status <> 'pending'
          order by id limit $2 for update skip locked))
        """;

    private const string ForgetReplays = """
        delete from replays where id = any (array(
          select id from replays where id < lowest_id($1) and finished_at is not null
          order by id limit $2 for update skip locked))
        """;

    private const string LockEvents = """
        select id from webhook_events where id > $3 and id < lowest_id($1) order by id limit $2 for update skip locked
        """;

    private const string ForgetEvents = """
        delete from webhook_events e
        where e.id = any($1) and not exists (select from deliveries d where d.event_id = e.id)
        """;

    private readonly ILogger _logger = logger;

    /// <summary>Where the walk through old events stands: those that are still needed are passed over.</summary>
    private Guid _place;

    protected override TimeSpan Interval => TimeSpan.FromHours(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            // After a long time off, this week's may be missing, and attempts are recorded as soon as we are up.
            await partitions.EnsureAheadAsync(Clock.GetUtcNow(), cancellationToken);
        }
        catch (NpgsqlException unavailable)
        {
            LogNotYet(unavailable);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var now = Clock.GetUtcNow();
        await partitions.EnsureAheadAsync(now, cancellation);
        foreach (var partition in await partitions.FindOverAsync(now - Kept, cancellation))
        {
            await partitions.DropAsync(partition, cancellation);
            LogDropped(partition);
        }

        var more = await ForgetAsync(ForgetDeliveries, now - Kept, cancellation) == AtOnce;
        more |= await ForgetAsync(ForgetReplays, now - Kept, cancellation) == AtOnce;
        // First all the deliveries: what their events are needed for is known then.
        return more || await ForgetEventsAsync(now - Kept, cancellation);
    }

    private async Task<int> ForgetAsync(string statement, DateTimeOffset before, CancellationToken cancellation)
    {
#pragma warning disable CA2100 // One of the statements above.
        await using var command = database.CreateCommand(statement);
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AtOnce });
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>True when there are more. Whoever gives an event a delivery holds its lock, so a replay comes before or
    /// after this.</summary>
    private async Task<bool> ForgetEventsAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var ids = new List<Guid>();
        await using (var find = new NpgsqlCommand(LockEvents, connection))
        {
            find.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before });
            find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AtOnce });
            find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _place });
            await using var row = await find.ExecuteReaderAsync(cancellation);
            while (await row.ReadAsync(cancellation))
                ids.Add(row.GetGuid(0));
        }

        await using (var forget = new NpgsqlCommand(ForgetEvents, connection))
        {
            forget.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. ids] });
            await forget.ExecuteNonQueryAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
        var more = ids.Count == AtOnce;
        _place = more ? ids[^1] : Guid.Empty;
        return more;
    }

    [LoggerMessage(LogLevel.Information, "Dropped {Partition}: all its attempts are older than 90 days")]
    private partial void LogDropped(string partition);

    [LoggerMessage(LogLevel.Warning, "Partitions could not be prepared yet; trying again")]
    private partial void LogNotYet(Exception unavailable);
}
