using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using MassTransit;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// A merchant has moved its sandbox's clock: its test deliveries that wait for their next attempt are due so much
/// earlier. Attempts under way are on the real clock, as are signatures.
/// </summary>
public sealed class SandboxClockConsumer(
    NpgsqlDataSource database, EndpointLanes lanes, Signal<DeliveryWorker> signal, TimeProvider clock)
    : IConsumer<SandboxClockAdvanced>
{
    public const string Queue = $"{ResourceNames.Webhooks}-sandbox-clock";

    /// <summary>The bus brings nothing again after so long.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(30);

    public async Task Consume(ConsumeContext<SandboxClockAdvanced> context)
    {
        // One statement for the whole queue of a merchant: taken by parts, a part might be moved twice.
        await using var command = database.CreateCommand(
            """
            with fresh as (
              insert into sandbox_clock_moves (id, taken_at) values ($1, $4) on conflict do nothing returning id),
            forgotten as (delete from sandbox_clock_moves where taken_at < $5)
            update delivery_queue q set due_at = q.due_at - $3
            from webhook_endpoints w
            where exists (select from fresh) and w.merchant_id = $2 and w.environment = 'test'
              and q.endpoint_id = w.id and q.attempt_started_at is null and q.due_at > $4
            returning q.endpoint_id
            """);
        var move = context.Message;
        var now = clock.GetUtcNow();
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = move.Id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = move.MerchantId });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = TimeSpan.FromSeconds(move.Seconds) });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - Remembered });

        var endpoints = new HashSet<Guid>();
        await using (var row = await command.ExecuteReaderAsync(context.CancellationToken))
        {
            while (await row.ReadAsync(context.CancellationToken))
                endpoints.Add(row.GetGuid(0));
        }

        if (endpoints.Count == 0)
            return;
        lanes.MarkDue(endpoints);
        signal.Set();
    }
}

public static class SandboxClockRegistration
{
    public static void AddSandboxClockQueue(
        this IRabbitMqBusFactoryConfigurator rabbit, IBusRegistrationContext context) =>
        rabbit.ReceiveEndpoint(SandboxClockConsumer.Queue, endpoint =>
        {
            endpoint.SetQuorumQueue();
            // Moves are few, and one after the other they don't wait for each other's rows.
            endpoint.PrefetchCount = 1;
            endpoint.UseMessageRetry(retry => retry.Exponential(
                10, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(500)));
            endpoint.ConfigureConsumer<SandboxClockConsumer>(context);
        });
}
