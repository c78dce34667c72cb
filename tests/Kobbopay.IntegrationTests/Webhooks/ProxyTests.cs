using System.Net;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>The proxy of the process is for all of its tests: this one runs when no other does.</summary>
[CollectionDefinition(nameof(ProxyTests), DisableParallelization = true)]
[Collection(nameof(ProxyTests))]
public sealed class ProxyTests
{
    [Fact]
    public async Task A_proxy_of_the_environment_sees_nothing()
    {
        await using var house = await WebhooksHouse.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var proxy = RawReceiver.Start(RawReceiver.Text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        var merchant = house.NewMerchant();
        await merchant.EndpointAsync(receiver.Url);
        var before = HttpClient.DefaultProxy;
        try
        {
            // What HTTP_PROXY, HTTPS_PROXY and ALL_PROXY become at the first use of a client.
            HttpClient.DefaultProxy = new WebProxy(proxy.Url);

            await merchant.PublishAsync();

            await receiver.ReceiveAsync(1);
            proxy.Connections.Should().Be(0);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }
}
