using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;
using Kobbopay.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>
/// Payments and Webhooks over one broker, as they run, with a receiver that is the merchant's endpoint.
/// </summary>
internal sealed class PaymentsAndWebhooks : IAsyncDisposable
{
    private static readonly string Key = new('w', 43);
    private static readonly string BackKey = new('b', 43);

    private readonly int _webhooksPort;

    private PaymentsAndWebhooks(PaymentsHost payments, WebhookReceiver receiver, int webhooksPort) =>
        (Payments, Receiver, _webhooksPort) = (payments, receiver, webhooksPort);

    public PaymentsHost Payments { get; }

    public WebhookReceiver Receiver { get; }

    public WebhooksHouse? Webhooks { get; private set; }

    public TestMerchant Merchant => new(Webhooks!, Payments.Merchant);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="broker">The one of Payments' house unless given.</param>
    public static async Task<PaymentsAndWebhooks> StartAsync(Uri? broker = null)
    {
        var port = LoopbackPorts.Free(1)[0];
        var house = new PaymentsAndWebhooks(
            await PaymentsHost.StartAsync(clock: null,
            [
                $"--Identity:Accept:{ResourceNames.Webhooks}:0={Key}",
                $"--Identity:Issue:{ResourceNames.Webhooks}={BackKey}",
                $"--services:{ResourceNames.Webhooks}:http:0=http://127.0.0.1:{port}",
                // A broker that is taken away on purpose is worth no line.
                "--Logging:Console:LogLevel:Default=None",
                .. broker is null ? Array.Empty<string>() : [$"--ConnectionStrings:{ResourceNames.Messaging}={broker}"],
            ]),
            await WebhookReceiver.StartAsync(),
            port);
        await house.Payments.Services.GetRequiredService<IBusControl>()
            .WaitForHealthStatus(BusHealthStatus.Healthy, Token);
        await house.StartWebhooksAsync(broker);
        return house;
    }

    /// <summary>Payments alone; <see cref="StartWebhooksAsync"/> brings the consumer later.</summary>
    public static async Task<PaymentsAndWebhooks> StartWithoutWebhooksAsync() => new(
        await PaymentsHost.StartAsync(clock: null, $"--Identity:Accept:{ResourceNames.Webhooks}:0={Key}"),
        await WebhookReceiver.StartAsync(),
        LoopbackPorts.Free(1)[0]);

    public async Task StartWebhooksAsync(Uri? broker = null) => Webhooks = await WebhooksHouse.StartAsync(
        clock: null,
        "--Egress:AllowedCidrs:0=127.0.0.0/8",
        $"--ConnectionStrings:{ResourceNames.Messaging}={broker ?? Payments.Broker}",
        $"--services:{ResourceNames.Payments}:http:0={Payments.Url}",
        $"--Identity:Issue:{ResourceNames.Payments}={Key}",
        $"--Identity:Accept:{ResourceNames.Payments}:0={BackKey}",
        $"--urls=http://127.0.0.1:{_webhooksPort}");

    public Task RequestAsync(MerchantEventRequested request) =>
        Payments.Services.GetRequiredService<IBus>().Publish(request, Token);

    public async ValueTask DisposeAsync()
    {
        if (Webhooks is not null)
            await Webhooks.DisposeAsync();
        await Payments.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
