using Kobbopay.Contracts;
using Kobbopay.Durability;

namespace Kobbopay.Payments.Events;

/// <summary>The feed's parts: sequencing, publishing, keeping, waiting, and events of other services.</summary>
public static class EventsRegistration
{
    /// <summary>Requested events in one transaction at most.</summary>
    internal const int BatchLimit = 100;

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
        services.AddSingleton(new StoredMessages(nameof(PaymentsChanged), FeedEvents.ReadAsync));
        services.AddLoop<EventSequencer>();
        services.AddLoop<OutboxRelay>();
        services.AddLoop<KeepEvents>();
        services.AddLoop<WatchEvents>();
    }
}
