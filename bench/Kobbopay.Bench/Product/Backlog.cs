using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Product;

/// <summary>
/// Deliveries that lie due in the Webhooks service's database, all at once, as after an outage of their endpoint;
/// measured from the first arrival to the last. Every one has to arrive once and to have its attempt recorded.
/// </summary>
internal sealed class Backlog(Workbench bench, ProductProcesses product, Receiver receiver)
{
    private const int PerSecond = 4000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public Subject Drain => new("Webhooks from a backlog", "deliveries/s", (duration, cancellation) =>
        DrainAsync((int)(duration.TotalSeconds * PerSecond), cancellation));

    private async Task<Reading> DrainAsync(int count, CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        await using var source = NpgsqlDataSource.Create(
            bench.Servers.Postgres.ConnectionStringOf(ResourceNames.WebhooksDatabase));
        var attemptsBefore = await AttemptsAsync(source, cancellation);
        await SeedAsync(source, count, cancellation);
        await WaitUntilDoneAsync(source, cancellation);

        var counts = await receiver.CountsAsync(cancellation);
        var recorded = await AttemptsAsync(source, cancellation) - attemptsBefore;
        if (counts != new Counts(count, Duplicates: 0, Refused: 0) || recorded != count)
        {
            throw new InvalidOperationException(
                $"Of {count} deliveries {counts} arrived and {recorded} attempts are recorded: that is no rate.");
        }

        var arrivals = await receiver.ArrivalsAsync(cancellation);
        var elapsed = TimeProvider.System.GetElapsedTime(arrivals.Values.Min(), arrivals.Values.Max());
        return Reading.PerSecond(count, elapsed);
    }

    private async Task SeedAsync(NpgsqlDataSource source, int count, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand(
            """
            with endpoint as (
              select id, merchant_id, environment from webhook_endpoints where merchant_id = $1 limit 1),
            event as (
              insert into webhook_events (id, merchant_id, environment, type, body, created_at)
              select new.id, e.merchant_id, e.environment, 'payment.created', convert_to(format(
                '{"id":"evt_%s","type":"payment.created","filler":"%s"}', new.id, repeat('x', 1100)), 'UTF8'), now()
              from endpoint e, (select new_id(now()) as id from generate_series(1, $2)) new
              returning id),
            delivery as (
              insert into deliveries
                (id, merchant_id, environment, endpoint_id, event_id, event_type, status, created_at)
              select new_id(now()), e.merchant_id, e.environment, e.id, event.id, 'payment.created', 'pending', now()
              from event, endpoint e
              returning id, endpoint_id, event_id)
            insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at)
            select id, endpoint_id, event_id, now() from delivery
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = product.Configuration.Merchant });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task WaitUntilDoneAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        await using var command = source.CreateCommand("select exists (select from delivery_queue)");
        while ((bool)(await command.ExecuteScalarAsync(limited.Token))!)
            await Task.Delay(Poll, TimeProvider.System, limited.Token);
    }

    private static async Task<long> AttemptsAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        await using var command = source.CreateCommand("select count(*) from attempts where outcome = 'succeeded'");
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
