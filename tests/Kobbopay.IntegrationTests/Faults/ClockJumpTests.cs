using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>
/// The system's clock is set forward by hours or months, and back, while attempts are open: it costs what was in flight
/// another attempt at most, and nobody hours.
/// </summary>
public sealed class ClockJumpTests
{
    private const int Endpoints = 20;
    private const int Events = 6;

    /// <summary>An endpoint's first window; of the one with a rate limit, what its first two seconds allow.</summary>
    private const int FirstWindow = 4;
    private const int InFlight = (Endpoints + 1) * FirstWindow;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    [InlineData(24 * 100)]
    [InlineData(-24 * 100)]
    public async Task A_jump_holds_nothing_up(int hours)
    {
        var clock = new JumpingClock();
        await using var house = await WebhooksHouse.StartAsync(clock);
        await using var receiver = await WebhookReceiver.StartAsync();
        var answering = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Gate = answering.Task;
        await SeedAsync(house.Sql, receiver.Url);
        await Eventually.TrueAsync(() => receiver.Count == InFlight);

        clock.Jump(TimeSpan.FromHours(hours));
        answering.SetResult();

        var log = await DeliveryLog.CheckAsync(house.Sql, receiver, (Endpoints + 1) * Events, Patience);
        log.Duplicates.Should().BeLessThanOrEqualTo(InFlight);
        log.Unknown.Should().BeLessThanOrEqualTo(InFlight);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(24 * 100)]
    public async Task What_a_dispatcher_left_that_died_while_its_clock_was_ahead_is_anothers_at_once(int hours)
    {
        await using var dispatchers = await Dispatchers.CreateAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await SeedAsync(dispatchers.Sql, receiver.Url);
        // Of each endpoint's events one was claimed as it came, one from the queue, one waits for its second attempt,
        // and the others were never tried. The limit of the endpoint that has one is used up for hours.
        await ExecuteAsync(dispatchers.Sql,
            $"""
            with ahead as (select interval '{hours} hours' as ahead),
            place as (
              select delivery_id, row_number() over (partition by endpoint_id order by delivery_id) as n
              from delivery_queue),
            lost as (
              insert into attempts (delivery_id, number, id, started_at, outcome)
              select delivery_id, 1, new_id(now()), now(), 'outcome_unknown' from place where n = 3),
            limited as (
              insert into endpoint_state (endpoint_id, free_at)
              select id, now() + ahead from webhook_endpoints, ahead where rate_limit is not null)
            update delivery_queue q set
              due_at = case when n = 2 then due_at else due_at + ahead end,
              attempt = case when n <= 3 then 1 else 0 end,
              attempt_started_at = case when n <= 2 then now() + ahead end
            from place p, ahead where p.delivery_id = q.delivery_id
            """);

        await dispatchers.StartAsync();
        await receiver.ReceiveAsync((Endpoints + 1) * (Events - 1), Patience);
        // A second attempt comes a minute later at most: 5 s, or more where the endpoint seemed overloaded.
        (await ExecuteAsync(dispatchers.Sql,
            """
            update delivery_queue set due_at = now()
            where attempt_started_at is null and due_at between now() and now() + interval '61 s'
            """)).Should().Be(Endpoints + 1);

        var log = await DeliveryLog.CheckAsync(dispatchers.Sql, receiver, (Endpoints + 1) * Events, Patience);
        log.Duplicates.Should().Be(0);
        log.Unknown.Should().Be((Endpoints + 1) * 3);
    }

    private static async Task<int> ExecuteAsync(NpgsqlDataSource sql, string statement)
    {
#pragma warning disable CA2100 // Statements of this test.
        await using var command = sql.CreateCommand(statement);
#pragma warning restore CA2100
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task SeedAsync(NpgsqlDataSource sql, Uri receiver)
    {
        var backlog = new Backlog(sql);
        await backlog.AddEndpointsAsync(receiver, Endpoints);
        await backlog.AddEndpointsAsync(receiver, 1, rateLimit: FirstWindow / 2);
        await backlog.AddEventsAsync(Events);
    }

    /// <summary>
    /// What setting the system's clock does to a process: the time of day jumps, and timers, time-outs and measured
    /// times go on as they were.
    /// </summary>
    private sealed class JumpingClock : TimeProvider
    {
        private long _ahead;

        public override DateTimeOffset GetUtcNow() =>
            System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));

        public void Jump(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
    }
}
