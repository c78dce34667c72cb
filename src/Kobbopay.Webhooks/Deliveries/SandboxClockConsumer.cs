using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using MassTransit;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Takes what the bus tells of sandboxes' clocks to <see cref="SandboxClocks"/>.</summary>
public sealed class SandboxClockConsumer(SandboxClocks clocks) : IConsumer<SandboxClockAdvanced>
{
    public const string Queue = $"{ResourceNames.Webhooks}-sandbox-clock";

    public Task Consume(ConsumeContext<SandboxClockAdvanced> context) =>
        clocks.HandleAsync([context.Message], context.CancellationToken);
}

public static class SandboxClockRegistration
{
    /// <summary>What follows the clocks, and what the healer tells it.</summary>
    public static void AddSandboxClocks(this IServiceCollection services)
    {
        services.AddSingleton<SandboxClocks>();
        services.AddSingleton<ISandboxClockHandler>(provider => provider.GetRequiredService<SandboxClocks>());
    }

    public static void AddSandboxClockQueue(
        this IRabbitMqBusFactoryConfigurator rabbit, IBusRegistrationContext context) =>
        rabbit.ReceiveEndpoint(SandboxClockConsumer.Queue, endpoint =>
        {
            endpoint.SetQuorumQueue();
            // They are few, and one after the other they don't wait for each other's rows.
            endpoint.PrefetchCount = 1;
            endpoint.UseMessageRetry(retry => retry.Exponential(
                10, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(500)));
            endpoint.ConfigureConsumer<SandboxClockConsumer>(context);
        });
}
