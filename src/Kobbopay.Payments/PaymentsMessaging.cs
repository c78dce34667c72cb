using Kobbopay.Durability;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Events;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Merchants.ApiKeys;
using Kobbopay.ServiceDefaults;
using MassTransit;

namespace Kobbopay.Payments;

/// <summary>What this service hears over the bus: events that others ask for, and facts about merchants.</summary>
public static class PaymentsMessaging
{
    private const string EventsQueue = $"{ResourceNames.Payments}-events";
    private const string MerchantsQueue = $"{ResourceNames.Payments}-merchants";

    /// <summary>Messages about merchants that are worked on at a time; each is a transaction.</summary>
    private const int MerchantsLimit = 4;

    public static void AddPaymentsMessaging(this WebApplicationBuilder builder)
    {
        // The bus has a health check of its own for the broker.
        builder.AddRabbitMQClient(ResourceNames.Messaging, client => client.DisableHealthChecks = true);
        builder.Services.AddQueueProbe(EventsQueue, MerchantsQueue);
        builder.AddMessaging(
            bus =>
            {
                bus.AddConsumer<TakeMerchantEvents>();
                bus.AddConsumer<TakeApiKeyActivity>();
                bus.AddConsumer<TakeAuditRecorded>();
                bus.AddConsumer<TakeReceiverCertified>();
            },
            (context, rabbit) =>
            {
                rabbit.ReceiveEndpoint(EventsQueue, endpoint =>
                {
                    Configure(endpoint, EventsRegistration.BatchLimit);
                    endpoint.ConfigureConsumer<TakeMerchantEvents>(context);
                });
                rabbit.ReceiveEndpoint(MerchantsQueue, endpoint =>
                {
                    Configure(endpoint, MerchantsLimit);
                    endpoint.ConfigureConsumer<TakeApiKeyActivity>(context);
                    endpoint.ConfigureConsumer<TakeAuditRecorded>(context);
                    endpoint.ConfigureConsumer<TakeReceiverCertified>(context);
                });
            });
    }

    /// <param name="limit">Messages that the broker hands out unacknowledged, and that are worked on.</param>
    private static void Configure(IRabbitMqReceiveEndpointConfigurator endpoint, int limit)
    {
        endpoint.SetQuorumQueue();
        endpoint.PrefetchCount = limit;
        endpoint.ConcurrentMessageLimit = limit;
        endpoint.UseMessageRetry(retry =>
        {
            // What can't become an event never will.
            retry.Ignore<InvalidDataException>();
            retry.Exponential(
                5, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500));
        });
    }
}
