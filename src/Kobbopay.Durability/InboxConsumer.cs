using Kobbopay.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Durability;

/// <summary>
/// Takes payment events from the service's durable queue to its <see cref="IPaymentChangedHandler"/>, in batches. One
/// that can't be taken fails its message, of which the others have been taken all the same.
/// </summary>
public sealed class InboxConsumer(Batcher<PaymentChanged> batcher) : IConsumer<PaymentsChanged>
{
    public Task Consume(ConsumeContext<PaymentsChanged> context) =>
        Task.WhenAll(context.Message.Events.Select(e => batcher.AddAsync(e, context.CancellationToken)));
}

public static class InboxRegistration
{
    /// <summary>Events in one transaction at most.</summary>
    private const int BatchLimit = 200;

    /// <summary>Messages that the broker hands out unacknowledged, under load of many events each.</summary>
    private const ushort Prefetch = 16;

    /// <summary>The consumer, its batches, and the healer that fetches what the bus lost.</summary>
    public static IServiceCollection AddInbox<THandler>(this IServiceCollection services)
        where THandler : class, IPaymentChangedHandler
    {
        services.AddSingleton<THandler>();
        services.AddSingleton<IPaymentChangedHandler>(provider => provider.GetRequiredService<THandler>());
        services.AddSingleton(provider => new Batcher<PaymentChanged>(
            provider.GetRequiredService<IPaymentChangedHandler>().HandleAsync,
            BatchLimit,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Batcher<PaymentChanged>>>()));
        return services.AddLoop<FeedHealer>();
    }

    /// <summary>
    /// The service's shared work queue. A message that can't be taken is tried again, then parked in the error queue,
    /// where it blocks nothing; the healer fetches its events from Payments once the cause is gone.
    /// </summary>
    public static void AddInboxQueue(
        this IRabbitMqBusFactoryConfigurator rabbit, IBusRegistrationContext context, string queue) =>
        rabbit.ReceiveEndpoint(queue, endpoint =>
        {
            endpoint.SetQuorumQueue();
            endpoint.PrefetchCount = Prefetch;
            endpoint.ConcurrentMessageLimit = Prefetch;
            endpoint.UseMessageRetry(retry => retry.Exponential(
                5, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500)));
            endpoint.ConfigureConsumer<InboxConsumer>(context);
        });
}
