using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;

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
        var delivery = await merchant.DeliveryAsync(message, IsSucceeded);
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

    [Fact]
    public async Task Without_bodySignature_the_replayable_signature_is_not_sent()
    {
        var merchant = _house.NewMerchant();
        var created = await merchant.PostEndpointAsync(
            new { url = _receiver.Url, events = new[] { "*" }, bodySignature = false });
        created.Status.Should().Be(201);

        await merchant.PublishAsync();

        var request = (await _receiver.ReceiveAsync(1))[0];
        request.Headers.Should().NotContainKey("X-Signature").And.ContainKey("X-Kobbopay-Signature");
    }

    [Fact]
    public async Task The_same_event_taken_many_times_at_once_is_one_delivery_and_one_request()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        var handler = _house.Services.GetRequiredService<IPaymentChangedHandler>();
        var events = Enumerable.Range(0, 5).Select(_ => merchant.Event()).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            handler.HandleAsync([.. events, events[0]], TestContext.Current.CancellationToken)));
        await handler.HandleAsync(events, TestContext.Current.CancellationToken);

        foreach (var message in events)
            await merchant.DeliveryAsync(message, IsSucceeded);
        _receiver.Requests.Select(request => request.EventId)
            .Should().BeEquivalentTo(events.Select(e => Id.Format(Id.Event, e.EventId)));
        (await _house.QueryAsync<long>("select count(*) from deliveries")).Should().Be(5);
        (await _house.QueryAsync<long>("select count(*) from delivery_queue")).Should().Be(0);
        (await _house.QueryAsync<long>("select count(*) from attempts")).Should().Be(5);
    }

    [Fact]
    public async Task An_event_goes_once_to_each_endpoint_that_wants_it_whatever_the_order_of_arrival()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        await merchant.PostEndpointAsync(
            new { url = new Uri(_receiver.Url, "/paid"), events = new[] { "payment.paid" } });
        await merchant.PostEndpointAsync(
            new { url = new Uri(_receiver.Url, "/keys"), events = new[] { "api_key.*" } });
        var stranger = _house.NewMerchant();
        await stranger.EndpointAsync(new Uri(_receiver.Url, "/stranger"));
        PaymentChanged[] events =
            [merchant.Event("payment.created"), merchant.Event("payment.paid"), merchant.Event("payment.confirmed")];

        foreach (var message in events.Reverse())
            await merchant.PublishAsync(message);

        var received = await _receiver.ReceiveAsync(4);
        received.Select(request => (request.Path, request.Type)).Should().BeEquivalentTo(
        [
            ("/webhooks", "payment.created"), ("/webhooks", "payment.paid"), ("/webhooks", "payment.confirmed"),
            ("/paid", "payment.paid"),
        ]);
        // What the receiver has is recorded a moment later.
        await Eventually.GetAsync(
            () => merchant.GetAsync("/v1/webhook-deliveries?status=succeeded&limit=3"),
            page => page.Data.Length == 3 && page.Body.GetProperty("hasMore").GetBoolean());
        var byPayment = await merchant.GetAsync(
            $"/v1/webhook-deliveries?payment_id={Id.Format(Id.Payment, events[1].Payment!.Id)}");
        byPayment.Data.Should().HaveCount(2);
        (await stranger.GetAsync("/v1/webhook-deliveries")).Data.Should().BeEmpty();
    }

    [Fact]
    public async Task Of_many_events_in_one_message_each_is_delivered_once_and_a_bad_one_harms_no_other()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        PaymentChanged[] events = [.. Enumerable.Range(0, 5).Select(_ => merchant.Event())];
        var bad = merchant.Event() with { Environment = "prod" };

        await _house.PublishAsync([.. events[..3], bad, .. events[2..]]);

        var received = await _receiver.ReceiveAsync(events.Length);
        received.Select(request => request.EventId).Should()
            .BeEquivalentTo(events.Select(one => Id.Format(Id.Event, one.EventId)));
    }

    [Fact]
    public async Task A_delivery_and_its_attempts_tell_what_happened_to_their_owner_alone()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        var body = "taken " + new string('x', 20_000);
        _receiver.Default = (WebhookAnswer.Of(202) with { Body = body }).With("X-Shop", "a");

        var message = await merchant.PublishAsync();

        var delivery = await merchant.DeliveryAsync(message, IsSucceeded);
        delivery.GetProperty("endpointId").GetString().Should().Be(endpoint.Text("id"));
        delivery.GetProperty("eventType").GetString().Should().Be("payment.paid");
        delivery.GetProperty("url").GetString().Should().Be(_receiver.Url.ToString());
        delivery.GetProperty("payment_id").GetString().Should().Be(Id.Format(Id.Payment, message.Payment!.Id));
        delivery.GetProperty("attemptCount").GetInt32().Should().Be(1);
        var attempt = (await merchant.AttemptsAsync(delivery)).Should().ContainSingle().Subject;
        attempt.GetProperty("id").GetString().Should().StartWith("att_");
        attempt.GetProperty("number").GetInt32().Should().Be(1);
        attempt.GetProperty("outcome").GetString().Should().Be("succeeded");
        attempt.GetProperty("statusCode").GetInt32().Should().Be(202);
        attempt.GetProperty("latencyMs").GetInt32().Should().BeGreaterThanOrEqualTo(0);
        attempt.GetProperty("responseHeaders").GetProperty("X-Shop").GetString().Should().Be("a");
        attempt.GetProperty("responseBody").GetString().Should().HaveLength(16 * 1024).And.StartWith("taken x");
        attempt.GetProperty("responseTruncated").GetBoolean().Should().BeTrue();

        var path = $"/v1/webhook-deliveries/{delivery.GetProperty("id").GetString()}";
        (await merchant.GetAsync(path)).Body.GetRawText().Should().Be(delivery.GetRawText());
        (await _house.NewMerchant().GetAsync(path)).Status.Should().Be(404);
        (await _house.NewMerchant().GetAsync($"{path}/attempts")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_payments_own_url_replaces_that_of_the_endpoint_with_the_same_origin()
    {
        var merchant = _house.NewMerchant();
        await using var elsewhere = await WebhookReceiver.StartAsync();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        await merchant.EndpointAsync(elsewhere.Url);
        _receiver.Answers(WebhookAnswer.Of(410));

        var own = new Uri(_receiver.Url, "/order/7?x=1").ToString();
        var message = await merchant.PublishAsync(merchant.Event(webhookUrl: own));

        (await _receiver.ReceiveAsync(1))[0].Path.Should().Be("/order/7?x=1");
        (await elsewhere.ReceiveAsync(1))[0].Path.Should().Be("/webhooks");
        // 410 from a payment's own URL ends that delivery only.
        await Eventually.GetAsync(
            () => merchant.GetAsync("/v1/webhook-deliveries?status=exhausted"), page => page.Data.Length == 1);
        (await merchant.GetAsync(endpoint.Location!)).Text("status").Should().Be("enabled");
        message.Payment!.WebhookUrl.Should().Be(own);
    }

    [Fact]
    public async Task A_hanging_endpoint_delays_no_other()
    {
        var merchant = _house.NewMerchant();
        await using var hanging = await WebhookReceiver.StartAsync();
        hanging.Default = WebhookAnswer.Of(200).After(TimeSpan.FromMinutes(10));
        await merchant.EndpointAsync(hanging.Url);
        await merchant.EndpointAsync(_receiver.Url);

        for (var i = 0; i < 100; i++)
            await merchant.PublishAsync();

        await _receiver.ReceiveAsync(100);
        // It holds its first window, while a hundred others have come and gone.
        hanging.Requests.Count.Should().BeInRange(1, 4);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        await using var target = await WebhookReceiver.StartAsync();
        _receiver.Default = WebhookAnswer.Of(307).With("Location", target.Url.ToString());

        var message = await merchant.PublishAsync();

        var delivery = await merchant.DeliveryAsync(message, one => one.GetProperty("attemptCount").GetInt32() == 1);
        var attempt = (await merchant.AttemptsAsync(delivery))[0];
        attempt.GetProperty("statusCode").GetInt32().Should().Be(307);
        attempt.GetProperty("errorKind").GetString().Should().Be("redirect_refused");
        target.Requests.Should().BeEmpty();
    }

    private static bool IsSucceeded(JsonElement delivery) => delivery.GetProperty("status").GetString() == "succeeded";
}
