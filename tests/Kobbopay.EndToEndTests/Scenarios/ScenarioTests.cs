using System.Text.Json.Nodes;
using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.Scenarios;

/// <summary>
/// Each scenario of docs/sandbox.md, asked for at a payment's creation and watched over the public API alone: what its
/// last state is, what the feed tells in which order, and that each of these events comes as a verified webhook.
/// </summary>
public sealed class ScenarioTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData("paid", "Confirmed exact late=False fulfil/confirmed", "created paid confirmed")]
    [InlineData("underpaid", "Pending partial late=False wait/partially_paid", "created partially_paid")]
    [InlineData(
        "underpaid_then_topup", "Confirmed exact late=False fulfil/confirmed", "created partially_paid paid confirmed")]
    [InlineData("overpaid", "Confirmed over late=False fulfil/overpaid", "created paid confirmed")]
    [InlineData(
        "late", "Confirmed exact late=True fulfil/paid_late", "created expired late_transfer paid confirmed")]
    [InlineData("reorg_after_paid", "Pending none late=False wait/not_paid", "created paid reverted")]
    [InlineData("moved_by_reorg", "Confirmed exact late=False fulfil/confirmed", "created paid confirmed")]
    [InlineData("two_transfers_one_tx", "Confirmed exact late=False fulfil/confirmed", "created paid confirmed")]
    [InlineData(
        "deep_reorg_after_confirmed",
        "Confirmed none late=False stop/finality_violated",
        "created paid confirmed finality_violated")]
    [InlineData("never_paid", "Expired none late=False stop/expired", "created expired")]
    [InlineData("provider_down", "Confirmed exact late=False fulfil/confirmed", "created paid confirmed")]
    public async Task A_scenario_shows_what_its_page_says(string scenario, string end, string story)
    {
        using var shop = new Shop(system);
        var created = await shop.CreateAsync($"scenario-{scenario}", scenario: scenario);
        var id = (string)created["payment_id"]!;
        created.AsObject().ContainsKey("scenario").Should().BeFalse();
        if (scenario == "provider_down")
            await DelayedAsync(shop, id, true);

        string[] types = [.. story.Split(' ').Select(type => $"payment.{type}")];
        await Eventually.GetAsync(
            () => EventsAsync(shop, id), events => events.SequenceEqual(types), Patience, string.Join(", ", types));
        var payment = await DelayedAsync(shop, id, false);
        Summary(payment).Should().Be(end);
        ((int)payment["version"]!).Should().Be(types.Length);
        var received = await shop.ReceiveStoryAsync(id, types);
        received.DistinctBy(webhook => webhook.EventId).Select(webhook => webhook.Type).Should().BeEquivalentTo(types);
        await CheckTransfersAsync(shop, scenario, payment);
    }

    /// <summary>What status and events alone do not tell.</summary>
    private static async Task CheckTransfersAsync(Shop shop, string scenario, JsonNode payment)
    {
        var transfers = payment["transfers"]!.AsArray();
        switch (scenario)
        {
            case "two_transfers_one_tx":
                transfers.Should().HaveCount(2);
                transfers.Select(transfer => (string?)transfer!["txHash"]).Distinct().Should().ContainSingle();
                break;
            case "moved_by_reorg":
                var feed = await FeedAsync(shop, (string)payment["payment_id"]!);
                var paid = feed[1]["data"]!["payment"]!["transfers"]![0]!;
                var moved = transfers.Should().ContainSingle().Which!;
                ((string?)moved["id"], (string?)moved["txHash"]).Should().Be(
                    ((string?)paid["id"], (string?)paid["txHash"]));
                ((string?)moved["blockHash"]).Should().NotBe((string?)paid["blockHash"]);
                ((long)moved["blockNumber"]!).Should().NotBe((long)paid["blockNumber"]!);
                break;
            case "late":
                ((bool)transfers.Should().ContainSingle().Which!["onTime"]!).Should().BeFalse();
                break;
            case "provider_down":
                ((bool)transfers.Should().ContainSingle().Which!["onTime"]!).Should().BeTrue();
                break;
        }
    }

    private static string Summary(JsonNode payment) =>
        $"{payment["status"]} {payment["outcome"]} late={(bool)payment["late"]!} "
        + $"{payment["fulfilment"]!["decision"]}/{payment["fulfilment"]!["reason"]}";

    private static Task<JsonNode> DelayedAsync(Shop shop, string id, bool delayed) => Eventually.GetAsync(
        () => shop.GetAsync($"/v1/payments/{id}"),
        payment => (bool)payment["detection"]!["delayed"]! == delayed,
        Patience);

    private static async Task<IReadOnlyList<string>> EventsAsync(Shop shop, string id) =>
        [.. (await FeedAsync(shop, id)).Select(e => (string)e["type"]!)];

    /// <summary>The payment's events as the feed has them, in its order.</summary>
    private static async Task<IReadOnlyList<JsonNode>> FeedAsync(Shop shop, string id)
    {
        var found = new List<JsonNode>();
        JsonNode page;
        var after = 0L;
        do
        {
            page = await shop.GetAsync($"/v1/events?limit=100&after={after}");
            found.AddRange(page["data"]!.AsArray().Select(e => e!).Where(e => (string?)e["payment_id"] == id));
            after = page["data"]!.AsArray() is [.., { } last] ? (long)last["sequence"]! : after;
        }
        while ((bool)page["hasMore"]!);
        return found;
    }
}
