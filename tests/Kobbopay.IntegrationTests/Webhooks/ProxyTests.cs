using Kobbopay.IntegrationTests.Faults;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>The service as a process whose environment names a proxy, which a client of .NET uses by itself.</summary>
public sealed class ProxyTests
{
    [Fact]
    public async Task A_proxy_of_the_environment_sees_nothing()
    {
        await using var proxy = RawReceiver.Start(RawReceiver.Text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        await using var payments = await WebhookReceiver.StartAsync();
        payments.Default = WebhookAnswer.Of(200).With("Content-Type", "application/json") with
        {
            Body = """{"heads":[]}""",
        };
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var dispatchers = await Dispatchers.CreateAsync(payments.Url);
        foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" })
        {
            dispatchers.Environment[name] = proxy.Url.GetLeftPart(UriPartial.Authority);
            dispatchers.Environment[name.ToLowerInvariant()] = proxy.Url.GetLeftPart(UriPartial.Authority);
        }

        dispatchers.Environment["NO_PROXY"] = dispatchers.Environment["no_proxy"] = "";
        var backlog = new Backlog(dispatchers.Sql);
        await backlog.AddEndpointsAsync(receiver.Url, 1);
        await backlog.AddEventsAsync(1);

        await dispatchers.StartAsync();

        await DeliveryLog.CheckAsync(dispatchers.Sql, receiver, 1);
        // Neither do calls to other services, which carry an identity.
        await payments.ReceiveAsync(1);
        proxy.Connections.Should().Be(0);
    }
}
