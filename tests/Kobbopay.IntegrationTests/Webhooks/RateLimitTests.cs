using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class RateLimitTests
{
    [Fact]
    public async Task An_endpoint_with_a_rate_gets_its_requests_one_by_one_and_the_others_do_not_wait()
    {
        const int Rate = 5;
        const int Events = 10;
        await using var house = await WebhooksHouse.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var merchant = house.NewMerchant();
        var slow = await merchant.PostEndpointAsync(new
        {
            url = new Uri(receiver.Url, "/slow"),
            events = new[] { "*" },
            rateLimit = Rate,
        });
        slow.Status.Should().Be(201, slow.Body.ToString());
        await merchant.EndpointAsync(new Uri(receiver.Url, "/fast"));
        var started = TimeProvider.System.GetUtcNow();

        for (var i = 0; i < Events; i++)
            await merchant.PublishAsync();

        var received = await receiver.ReceiveAsync(2 * Events);
        var turns = received.Where(one => one.Path == "/slow").Select(one => one.ReceivedAt).Order().ToList();
        turns.Should().HaveCount(Events);
        received.Where(one => one.Path == "/fast").Select(one => one.ReceivedAt).Max().Should().BeBefore(turns[^1]);
        for (var i = 0; i < Events; i++)
        {
            // The machine may make one late, and never early; a timer is right to some milliseconds.
            turns[i].Should().BeOnOrAfter(started + TimeSpan.FromSeconds((i / (double)Rate) - 0.05));
        }
    }
}
