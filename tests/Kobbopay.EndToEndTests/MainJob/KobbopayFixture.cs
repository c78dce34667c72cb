using Kobbopay.EndToEndTests.AppHost;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>One running system, and the demo merchant's receiver, for the tests of a class.</summary>
public sealed class KobbopayFixture : IAsyncLifetime
{
    public RunningKobbopay Kobbopay { get; private set; } = null!;

    public WebhookReceiver Receiver { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Kobbopay = await RunningKobbopay.StartAsync();
        Receiver = await WebhookReceiver.StartAsync(port: Kobbopay.WebhookPort);
    }

    public async ValueTask DisposeAsync()
    {
        await Kobbopay.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
