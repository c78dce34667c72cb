using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Product;

/// <summary>So many deliveries to one endpoint.</summary>
internal sealed record Share(Guid Endpoint, int Deliveries);

/// <summary>What a drained backlog gave.</summary>
/// <param name="CommittedAt">When it was there, in Stopwatch ticks.</param>
internal sealed record Drained(long CommittedAt, Arrived[] Arrivals)
{
    public Reading Reading => Reading.PerSecond(
        Arrivals.Length,
        Stopwatch.GetElapsedTime(Arrivals.Min(arrived => arrived.At), Arrivals.Max(arrived => arrived.At)));

    /// <summary>Milliseconds from there being due to their arrival.</summary>
    public double[] Waits() =>
        [.. Arrivals.Select(arrived => Stopwatch.GetElapsedTime(CommittedAt, arrived.At).TotalMilliseconds)];
}

/// <summary>
/// Deliveries that lie due in the Webhooks service's database, all at once, as after an outage of their endpoints;
/// measured from the first arrival to the last. Every one has to arrive once and to have its attempt recorded.
/// </summary>
internal sealed class Backlog(ProductProcesses product, Receiver receiver) : IAsyncDisposable
{
    /// <summary>Longer than a repetition lasts at any rate that was ever seen here.</summary>
    private const int PerSecond = 4000;

    /// <summary>A rate below this is taken for a stand-still.</summary>
    private const int SlowestPerSecond = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlDataSource source = product.Open(ResourceNames.WebhooksDatabase);

    /// <summary>All to one endpoint.</summary>
    public Subject Drain => Draining("Webhooks from a backlog", Demo);

    /// <summary>The demo endpoint borrows its merchant's id.</summary>
    public Guid Demo => product.Configuration.Merchant;

    /// <summary>How many deliveries last about so long.</summary>
    public static int CountFor(TimeSpan duration) => (int)(duration.TotalSeconds * PerSecond);

    /// <summary>So many deliveries, dealt out evenly.</summary>
    public static Share[] Even(int deliveries, params Guid[] endpoints) =>
        [.. endpoints.Select(endpoint => new Share(endpoint, deliveries / endpoints.Length))];

    /// <summary>Evenly to these.</summary>
    public Subject Draining(string name, params Guid[] endpoints) =>
        new(name, "deliveries/s", async (duration, cancellation) =>
        {
            var drained = await DrainAsync(Even(CountFor(duration), endpoints), [], cancellation);
            return drained.Reading;
        });

    /// <param name="unanswered">As much to endpoints that never answer; what is left of it in the end is taken
    /// away.</param>
    public async Task<Drained> DrainAsync(Share[] shares, Share[] unanswered, CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        var attemptsBefore = await AttemptsAsync(cancellation);
        var committedAt = await SeedAsync([.. shares, .. unanswered], TimeSpan.Zero, cancellation);
        await WaitUntilDoneAsync(shares, cancellation);
        await TakeAwayAsync(unanswered, cancellation);

        var count = shares.Sum(share => share.Deliveries);
        var counts = await receiver.CountsAsync(cancellation);
        var recorded = await AttemptsAsync(cancellation) - attemptsBefore;
        if (counts != new Counts(count, Duplicates: 0, Refused: 0) || recorded != count)
        {
            throw new InvalidOperationException(
                $"Of {count} deliveries {counts} arrived and {recorded} attempts are recorded: that is no rate.");
        }

        return new Drained(committedAt, await receiver.ArrivalsAsync(cancellation));
    }

    /// <summary>One transaction; the shares are mixed evenly. What is due later has failed a few times.</summary>
    /// <returns>Stopwatch ticks of the commit.</returns>
    public async Task<long> SeedAsync(Share[] shares, TimeSpan dueIn, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand(
            """
            with fresh as materialized (
              select e.id as endpoint_id, e.merchant_id, e.environment,
                new_id(now()) as event_id, new_id(now()) as delivery_id
              from unnest($1::uuid[], $2::int[]) as s (endpoint_id, deliveries)
              join webhook_endpoints e on e.id = s.endpoint_id
              cross join lateral generate_series(1, s.deliveries) as n
              order by n::float8 / s.deliveries),
            event as (
              insert into webhook_events (id, merchant_id, environment, type, body, created_at)
              select event_id, merchant_id, environment, 'payment.created', convert_to(format(
                '{"id":"evt_%s","type":"payment.created","filler":"%s"}', event_id, repeat('x', 1100)), 'UTF8'), now()
              from fresh),
            delivery as (
              insert into deliveries
                (id, merchant_id, environment, endpoint_id, event_id, event_type, status, created_at)
              select delivery_id, merchant_id, environment, endpoint_id, event_id, 'payment.created', 'pending', now()
              from fresh)
            insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at, attempt)
            select delivery_id, endpoint_id, event_id, now() + $3, case when $3 > interval '0' then 4 else 0 end
            from fresh
            """);
        command.Parameters.Add(Endpoints(shares));
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. shares.Select(one => one.Deliveries)] });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = dueIn });
        await command.ExecuteNonQueryAsync(cancellation);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Until these have arrived and their results are recorded, or nothing more seems to come.</summary>
    public async Task WaitUntilDoneAsync(Share[] shares, CancellationToken cancellation)
    {
        var count = shares.Sum(share => share.Deliveries);
        var patience = Patience + TimeSpan.FromSeconds(count / SlowestPerSecond);
        var watch = Stopwatch.StartNew();
        // The receiver is asked, and not the database, as long as there is a rate to disturb.
        while (watch.Elapsed < patience && (await receiver.CountsAsync(cancellation)).Unique < count)
            await Task.Delay(Poll, TimeProvider.System, cancellation);

        await using var command = source.CreateCommand(
            "select exists (select from delivery_queue where endpoint_id = any($1))");
        command.Parameters.Add(Endpoints(shares));
        while (watch.Elapsed < patience && (bool)(await command.ExecuteScalarAsync(cancellation))!)
            await Task.Delay(Poll, TimeProvider.System, cancellation);
    }

    /// <summary>With statistics of what is there, and no work of autovacuum's left to do.</summary>
    public async Task VacuumAsync(CancellationToken cancellation)
    {
        await using var command = source.CreateCommand(
            "vacuum (analyze) webhook_events, deliveries, delivery_queue, attempts");
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private async Task TakeAwayAsync(Share[] shares, CancellationToken cancellation)
    {
        if (shares.Length == 0)
            return;
        await using var command = source.CreateCommand("delete from delivery_queue where endpoint_id = any($1)");
        command.Parameters.Add(Endpoints(shares));
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<long> AttemptsAsync(CancellationToken cancellation)
    {
        await using var command = source.CreateCommand("select count(*) from attempts where outcome = 'succeeded'");
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static NpgsqlParameter<Guid[]> Endpoints(Share[] shares) =>
        new() { TypedValue = [.. shares.Select(share => share.Endpoint)] };
}
