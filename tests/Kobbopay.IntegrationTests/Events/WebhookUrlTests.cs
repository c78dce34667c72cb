using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.IntegrationTests.Webhooks;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>A payment's own <c>webhookUrl</c> (contracts.md, section 4), from its creation to the receiver.</summary>
public sealed class WebhookUrlTests : IAsyncLifetime
{
    private PaymentsAndWebhooks _house = null!;

    public async ValueTask InitializeAsync() => _house = await PaymentsAndWebhooks.StartAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task It_replaces_the_url_of_the_endpoint_with_the_same_origin_for_this_payment_alone()
    {
        await _house.Merchant.EndpointAsync(_house.Receiver.Url);
        var own = new Uri(_house.Receiver.Url, "/orders/7?shop=3").ToString();

        var created = await CreateAsync("order-1", own);
        await CreateAsync("order-2", webhookUrl: null);

        created.Status.Should().Be(201, created.Body);
        ((string)created.Json["webhookUrl"]!).Should().Be(own);
        (await _house.Receiver.ReceiveAsync(2)).Select(one => (one.Path, one.Json.GetProperty("orderId").GetString()))
            .Should().BeEquivalentTo([("/orders/7?shop=3", "order-1"), ("/webhooks", "order-2")]);
    }

    [Fact]
    public async Task Without_one_enabled_endpoint_of_its_origin_a_payment_is_refused_and_leaves_no_trace()
    {
        await _house.Merchant.EndpointAsync(new Uri(_house.Receiver.Url, "/one"));
        var two = await _house.Merchant.EndpointAsync(new Uri(_house.Receiver.Url, "/two"));
        var stranger = new TestMerchant(
            _house.Webhooks!, (await _house.Payments.AddMerchantAsync()) with { Environment = "test" });
        await stranger.EndpointAsync(new Uri("http://127.0.0.2:8080/"));

        foreach (var url in new[]
        {
            _house.Receiver.Url.ToString(), "http://127.0.0.2:8080/", "https://127.0.0.1/", "ftp://127.0.0.1/", "here",
            "http://user:secret@127.0.0.1:8080/", $"http://127.0.0.1:8080/{new string('x', 2048)}",
        })
        {
            var refused = await CreateAsync("order-1", url);
            refused.Status.Should().Be(422, url);
            ((string)refused.Json["code"]!).Should().Be("invalid_request");
            ((string)refused.Json["errors"]![0]!["pointer"]!).Should().Be("/webhookUrl");
        }

        (await _house.Payments.SendAsync(HttpMethod.Get, "/v1/payments")).Json["data"]!.AsArray().Should().BeEmpty();
        await _house.Merchant.DeleteAsync(two.Location!);
        (await CreateAsync("order-1", _house.Receiver.Url.ToString())).Status.Should().Be(201);
    }

    [Fact]
    public async Task While_the_endpoints_can_not_be_asked_for_only_payments_with_a_url_of_their_own_wait()
    {
        await _house.Merchant.EndpointAsync(_house.Receiver.Url);
        await _house.Webhooks!.StopAsync();

        var refused = await CreateAsync("order-1", _house.Receiver.Url.ToString());

        refused.Status.Should().Be(503, refused.Body);
        refused.Headers.Should().ContainKey("Retry-After");
        (await CreateAsync("order-1", webhookUrl: null)).Status.Should().Be(201);
    }

    private Task<ApiAnswer> CreateAsync(string order, string? webhookUrl) => _house.Payments.SendAsync(
        HttpMethod.Post,
        "/v1/payments",
        System.Text.Json.JsonSerializer.Serialize(new
        {
            amount = "10.5",
            currency = "USDT",
            network = "example-network",
            orderId = order,
            webhookUrl,
        }));
}
