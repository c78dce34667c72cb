using System.Text;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>Events born in other services than Payments.</summary>
public sealed class MerchantEventTests
{
    [Fact]
    public async Task An_event_asked_for_twice_is_once_in_the_dense_feed_and_once_at_each_endpoint()
    {
        await using var house = await PaymentsAndWebhooks.StartAsync();
        await house.Merchant.EndpointAsync(house.Receiver.Url);
        var request = Request(house, "webhook_endpoint.failing", """
            { "webhookEndpoint": { "id": "whe_1",
              "description": "Größe" } }
            """);

        await house.RequestAsync(request);
        await house.RequestAsync(request);
        await house.Payments.CreateAsync(house.Payments.Merchant, 1);
        await house.RequestAsync(request);
        await house.RequestAsync(Request(house, "webhook_endpoint.disabled", "{}"));

        var received = await house.Receiver.ReceiveAsync(3);
        var feed = await Eventually.GetAsync(
            () => house.Payments.FeedAsync(house.Payments.Merchant), page => page.Sequences().Length == 3);
        feed.Sequences().Should().Equal(1, 2, 3);
        feed.Types().Should().BeEquivalentTo(
            "payment.created", "webhook_endpoint.failing", "webhook_endpoint.disabled");
        var failing = feed["data"]!.AsArray().Single(one => (string)one!["type"]! == "webhook_endpoint.failing")!;
        var bytes = (await house.Payments.SendAsync(HttpMethod.Get, $"/v1/events/{failing["id"]}")).Body;
        bytes.Should().Be(
            $$"""
            {"id":"{{Id.Format(Id.Event, request.EventId)}}","type":"webhook_endpoint.failing","apiVersion":"v1",
            "environment":"test","sequence":{{failing["sequence"]}},"createdAt":"2026-01-02T03:04:05.678Z",
            "object":"webhook_endpoint","data":
            """.ReplaceLineEndings(string.Empty)
            + """{"webhookEndpoint":{"id":"whe_1","description":"Größe"}}}""");
        received.Select(one => one.EventId).Should().OnlyHaveUniqueItems();
        received.Single(one => one.Type == "webhook_endpoint.failing").Body
            .Should().Equal(Encoding.UTF8.GetBytes(bytes));
    }

    [Fact]
    public async Task The_endpoint_that_an_event_speaks_of_does_not_get_it_and_the_others_do()
    {
        await using var house = await PaymentsAndWebhooks.StartAsync();
        var failing = await house.Merchant.EndpointAsync(new Uri(house.Receiver.Url, "/failing"));
        await house.Merchant.EndpointAsync(new Uri(house.Receiver.Url, "/other"));
        Id.TryParse(Id.WebhookEndpoint, failing.Text("id"), out var except).Should().BeTrue();

        await house.RequestAsync(
            Request(house, "webhook_endpoint.disabled", "{}") with { ExceptEndpointId = except });
        await house.Payments.CreateAsync(house.Payments.Merchant, 1);

        var received = await house.Receiver.ReceiveAsync(3);
        received.Select(one => (one.Path, one.Type)).Should().BeEquivalentTo(
        [
            ("/other", "webhook_endpoint.disabled"), ("/other", "payment.created"), ("/failing", "payment.created"),
        ]);
    }

    [Fact]
    public async Task What_can_not_become_an_event_is_parked_and_stops_nothing()
    {
        await using var house = await PaymentsAndWebhooks.StartAsync();
        var good = Request(house, "webhook_endpoint.disabled", "{}");
        foreach (var bad in new[]
        {
            good with { Type = "payment.paid", Object = "payment" },
            good with { Object = "payment" },
            good with { Environment = "prod" },
            good with { EventId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch) },
            good with { Data = "[]"u8.ToArray() },
            good with { Data = "{"u8.ToArray() },
            good with { Data = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', 61 * 1024)}}"}""") },
        })
            await house.RequestAsync(bad);
        await house.RequestAsync(good);

        await Eventually.GetAsync(
            () => house.Payments.LatestAsync(house.Payments.Merchant), latest => latest == 1);
        await house.Payments.CreateAsync(house.Payments.Merchant, 1);
        (await house.Payments.FeedAsync(house.Payments.Merchant)).Types()
            .Should().Equal("webhook_endpoint.disabled", "payment.created");
    }

    private static MerchantEventRequested Request(PaymentsAndWebhooks house, string type, string data) => new(
        Id.New(TimeProvider.System),
        house.Payments.Merchant.MerchantId,
        MerchantEnvironments.Test,
        type,
        EventTypes.ObjectOf(type),
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Encoding.UTF8.GetBytes(data),
        ExceptEndpointId: null,
        TraceParent: null);
}
