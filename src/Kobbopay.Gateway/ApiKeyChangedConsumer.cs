using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kobbopay.Gateway;

/// <summary>
/// Drops a key the moment Payments tells that it was revoked or changed. While the broker is away the cache's own time
/// is what ends a revoked key.
/// </summary>
public sealed class ApiKeyChangedConsumer(ApiKeyCache keys) : IConsumer<ApiKeyChanged>
{
    public Task Consume(ConsumeContext<ApiKeyChanged> context)
    {
        keys.Drop(context.Message.Hash, context.Message.Version);
        return Task.CompletedTask;
    }
}

public static class MessagingRegistration
{
    /// <summary>Messages that the broker hands out unacknowledged.</summary>
    private const ushort Prefetch = 100;

    /// <summary>A queue that nobody reads goes after this time, should its gateway have died while the broker was
    /// away.</summary>
    private static readonly TimeSpan QueueExpiry = TimeSpan.FromMinutes(5);

    /// <summary>A broker that does not answer keeps no gateway from stopping.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    public static void AddGatewayMessaging(this WebApplicationBuilder builder)
    {
        builder.Services.Configure<MassTransitHostOptions>(options => options.StopTimeout = StopTimeout);
        builder.AddMessaging(
            bus =>
            {
                // Requests are answered without a broker, so its absence must not take the gateway out of service.
                bus.ConfigureHealthCheckOptions(options => options.MinimalFailureStatus = HealthStatus.Degraded);
                bus.AddConsumer<ApiKeyChangedConsumer>();
            },
            (context, rabbit) => rabbit.ReceiveEndpoint(NameQueue(context), endpoint =>
            {
                // Each replica hears of each change. Durable and not exclusive, so that a lost connection finds its
                // queue again; and no queue outlives its gateway.
                endpoint.Durable = true;
                endpoint.AutoDelete = true;
                endpoint.QueueExpiration = QueueExpiry;
                endpoint.PrefetchCount = Prefetch;
                endpoint.DiscardFaultedMessages();
                endpoint.DiscardSkippedMessages();
                endpoint.ConfigureConsumer<ApiKeyChangedConsumer>(context);
            }));
        // After the bus, so that it stops before it, and after the last request.
        builder.Services.AddLoop<ReportKeyActivity>();
    }

    private static string NameQueue(IServiceProvider services) =>
        Id.Format($"{ResourceNames.Gateway}-", Id.New(services.GetRequiredService<TimeProvider>()));
}
