using Kobbopay.Contracts;
using Kobbopay.Durability;
using MassTransit;

namespace Kobbopay.PublicStatus;

/// <summary>
/// Keeps the views up with confirmations and delays between two events. A lost message heals: the next one says more,
/// and a payment without news is asked for.
/// </summary>
public sealed class PaymentProgressedConsumer(Batcher<PaymentProgressed> batcher) : IConsumer<PaymentProgressed>
{
    public Task Consume(ConsumeContext<PaymentProgressed> context) =>
        batcher.AddAsync(context.Message, context.CancellationToken);
}

public static class PaymentProgressedRegistration
{
    /// <summary>
    /// Messages in one statement at most, each of up to <see cref="PaymentProgressed.BatchLimit"/> views.
    /// </summary>
    private const int BatchLimit = 10;

    /// <summary>Messages that the broker hands out unacknowledged.</summary>
    private const ushort Prefetch = 20;

    public static IServiceCollection AddPaymentProgressed(this IServiceCollection services) =>
        services.AddSingleton(provider => new Batcher<PaymentProgressed>(
            async (messages, cancellation) =>
            {
                PublicPayment[] progressed = [.. messages.SelectMany(message => message.Payments)];
                await provider.GetRequiredService<ViewTable>().StoreAsync(progressed, cancellation);
                provider.GetRequiredService<PublicViews>().Refresh(progressed);
            },
            BatchLimit,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Batcher<PaymentProgressed>>>()));

    public static void AddPaymentProgressedQueue(
        this IRabbitMqBusFactoryConfigurator rabbit, IBusRegistrationContext context, string queue) =>
        rabbit.ReceiveEndpoint(queue, endpoint =>
        {
            endpoint.SetQuorumQueue();
            endpoint.PrefetchCount = Prefetch;
            endpoint.ConcurrentMessageLimit = Prefetch;
            endpoint.ConfigureConsumer<PaymentProgressedConsumer>(context);
        });
}
