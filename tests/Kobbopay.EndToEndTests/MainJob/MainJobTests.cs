using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>The main job over the local topology, and the same while parts of it are away.</summary>
public sealed class MainJobTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task A_payment_goes_from_the_published_request_to_verified_webhooks_and_a_confirmed_page_in_one_trace()
    {
        using var shop = new Shop(system);
        var trace = $"00-{TraceId}-b7ad6b7169203331-01";
        var created = await shop.CreateAsync("end-to-end", trace);
        var id = (string)created["payment_id"]!;
        await using var page = await PayerPage.OpenAsync((string)created["publicStatusUrl"]!);
        await page.SeeAsync("Pending");
        ((string)(await shop.CreateAsync("end-to-end"))["payment_id"]!)
            .Should().Be(id, "pasted again, it is the same payment");

        await shop.PayAsync(id, trace);
        var paid = await shop.SeeAsync(id, "Paid", "Confirmed");
        ((int)paid["requiredConfirmations"]!).Should().Be(3);
        ((int)paid["confirmations"]!).Should().BeInRange(1, 3);
        await shop.MineAsync(2, trace);
        await shop.SeeAsync(id, "Confirmed");

        var received = await shop.ReceiveStoryAsync(id);
        received.Select(r => r.Headers["traceparent"].Split('-')[1]).Should().OnlyContain(seen => seen == TraceId);
        await page.SeeAsync("Confirmed");
        (await page.TextAsync()).Should().Contain("10.5").And.NotContain("end-to-end").And.NotContain(id);
    }

    [Fact]
    public async Task Webhooks_killed_between_payment_and_delivery_costs_nothing_but_time()
    {
        using var shop = new Shop(system);
        var id = (string)(await shop.CreateAsync("webhooks-killed"))["payment_id"]!;
        await system.Kobbopay.CommandAsync("kill webhooks");
        await shop.PayAsync(id);
        await shop.MineAsync(2);
        await shop.SeeAsync(id, "Confirmed");
        await system.Kobbopay.CommandAsync("start webhooks");

        await shop.ReceiveStoryAsync(id);
        await EachEventHasOneDeliveryAsync(shop, id);
    }

    [Fact]
    public async Task Webhooks_killed_while_an_attempt_is_under_way_repeats_that_attempt_and_records_the_lost_one()
    {
        using var shop = new Shop(system);
        system.Receiver.Answers(WebhookAnswer.Of(200).After(TimeSpan.FromSeconds(10)));
        var id = (string)(await shop.CreateAsync("killed-in-flight"))["payment_id"]!;
        await Eventually.TrueAsync(() => shop.Of(id).Count == 1);
        await system.Kobbopay.CommandAsync("kill webhooks");
        await system.Kobbopay.CommandAsync("start webhooks");
        await shop.PayAsync(id);
        await shop.MineAsync(2);

        await shop.ReceiveStoryAsync(id);
        await EachEventHasOneDeliveryAsync(shop, id);
        var created = (await shop.DeliveriesAsync(id))
            .Single(d => (string?)d.Delivery["eventType"] == "payment.created");
        created.Attempts.Select(a => (string?)a!["outcome"])
            .Should().Contain("outcome_unknown").And.Contain("succeeded");
    }

    [Fact]
    public async Task A_broker_away_for_ten_seconds_delays_webhooks_and_loses_none()
    {
        using var shop = new Shop(system);
        var id = (string)(await shop.CreateAsync("broker-away"))["payment_id"]!;
        await system.Kobbopay.CommandAsync("stop messaging");
        using var outage = new PeriodicTimer(TimeSpan.FromSeconds(10));
        var over = outage.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        await shop.PayAsync(id);
        await shop.MineAsync(2);
        var confirmed = await shop.SeeAsync(id, "Confirmed");
        await Eventually.TrueAsync(
            async () => (await shop.GetAsync("/v1/events?limit=100"))["data"]!.AsArray()
                .Count(e => (string?)e!["payment_id"] == id) == Shop.Story.Length);
        await over;
        await system.Kobbopay.CommandAsync("start messaging");

        await shop.ReceiveStoryAsync(id);
        await EachEventHasOneDeliveryAsync(shop, id);
        await using var page = await PayerPage.OpenAsync((string)confirmed["publicStatusUrl"]!);
        await page.SeeAsync("Confirmed");
    }

    /// <summary>One delivery for each event, and no request that no recorded attempt explains.</summary>
    private static async Task EachEventHasOneDeliveryAsync(Shop shop, string paymentId)
    {
        var deliveries = await shop.DeliveriesAsync(paymentId);
        deliveries.Select(d => (string?)d.Delivery["eventType"]).Should().BeEquivalentTo(Shop.Story);
        foreach (var (delivery, attempts) in deliveries)
        {
            var requests = shop.Of(paymentId).Count(r => r.EventId == (string?)delivery["eventId"]);
            var unknown = attempts.Count(a => (string?)a!["outcome"] == "outcome_unknown");
            attempts.Count(a => (string?)a!["outcome"] == "succeeded").Should().Be(1);
            requests.Should().BeInRange(attempts.Count - unknown, attempts.Count);
        }
    }
}
