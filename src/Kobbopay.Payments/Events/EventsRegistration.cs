using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using MassTransit;

namespace Kobbopay.Payments.Events;

/// <summary>The feed's parts: sequencing, publishing, keeping, waiting, and events of other services.</summary>
public static class EventsRegistration
{
    private const string Queue = $"{ResourceNames.Payments}-events";

    /// <summary>Requested events in one transaction at most, and messages that the broker hands out
    /// unacknowledged.</summary>
    private const int BatchLimit = 100;

    public static void AddEvents(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<EventFeed>();
        services.AddSingleton<EventWaiters>();
        services.AddSingleton<EventPartitions>();
        services.AddSingleton<MerchantEventFiling>();
        services.AddSingleton(provider => new Batcher<MerchantEventRequested>(
            provider.GetRequiredService<MerchantEventFiling>().FileAsync,
            BatchLimit,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Batcher<MerchantEventRequested>>>()));
        services.AddSingleton(new StoredMessages(nameof(PaymentChanged), FeedEvents.ReadAsync));
        services.AddLoop<EventSequencer>();
        services.AddLoop<OutboxRelay>();
        services.AddLoop<KeepEvents>();
        services.AddLoop<WatchEvents>();

        // The bus has a health check of its own for the broker.
        builder.AddRabbitMQClient(ResourceNames.Messaging, client => client.DisableHealthChecks = true);
        services.AddQueueProbe(Queue);
        builder.AddMessaging(
            bus => bus.AddConsumer<TakeMerchantEvents>(),
            (context, rabbit) => rabbit.ReceiveEndpoint(Queue, endpoint =>
            {
                endpoint.SetQuorumQueue();
                endpoint.PrefetchCount = BatchLimit;
                endpoint.ConcurrentMessageLimit = BatchLimit;
                endpoint.UseMessageRetry(retry =>
                {
                    // What can't become an event never will.
                    retry.Ignore<InvalidDataException>();
                    retry.Exponential(
                        5, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500));
                });
                endpoint.ConfigureConsumer<TakeMerchantEvents>(context);
            }));
    }
}
