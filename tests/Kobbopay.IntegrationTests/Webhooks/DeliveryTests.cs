using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class DeliveryTests : IAsyncLifetime
{
    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await WebhooksHouse.StartAsync();
        _receiver = await WebhookReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task An_event_arrives_with_its_exact_bytes_and_verifies_by_all_three_signatures()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        var message = await merchant.PublishAsync(merchant.Event(traceParent: trace));

        var request = (await _receiver.ReceiveAsync(1))[0];
        var delivery = await merchant.DeliveryAsync(message, one => one.GetProperty("status").GetString() == "succeeded");
        request.Method.Should().Be("POST");
        request.Body.Should().Equal(message.Body);
        request.Headers["Content-Type"].Should().Be("application/json");
        request.Headers["User-Agent"].Should().Be("Kobbopay-Webhooks/1.0");
        request.Headers["X-Kobbopay-Event-Id"].Should().Be(Id.Format(Id.Event, message.EventId));
        request.Headers["webhook-id"].Should().Be(Id.Format(Id.Event, message.EventId));
        request.Headers["X-Kobbopay-Delivery-Id"].Should().Be(delivery.GetProperty("id").GetString());
        request.Headers["traceparent"].Should().StartWith("00-0af7651916cd43dd8448eb211c80319c-").And.NotBe(trace);
        foreach (var scheme in new[] { WebhookSchemes.Standard, WebhookSchemes.Kobbopay, WebhookSchemes.BodyOnly })
        {
            WebhookSignature.Verify(
                name => request.Headers.GetValueOrDefault(name), request.Body, [endpoint.Text("secret")],
                TimeProvider.System.GetUtcNow(), scheme).IsValid.Should().BeTrue($"{scheme} must verify");
        }
    }
}
