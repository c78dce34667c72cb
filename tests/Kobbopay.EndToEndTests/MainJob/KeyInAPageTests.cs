using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kobbopay.Testing;
using Microsoft.Playwright;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>A shop that has put its secret key into its page, in a real browser, before the whole system.</summary>
public sealed class KeyInAPageTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private const string Fetch = """
        async ([url, options]) => {
          try {
            const answer = await fetch(url, options);
            return `${answer.status} ${await answer.text()}`;
          } catch (problem) {
            return `${problem.name}: ${problem.message}`;
          }
        }
        """;

    [Fact]
    public async Task A_page_of_another_origin_is_refused_at_its_preflight_and_no_service_hears_of_it()
    {
        using var shop = new Shop(system);
        var known = await shop.CreateAsync("by-the-server");
        await using var site = await WebhookReceiver.StartAsync("127.0.0.2");
        site.Default = WebhookAnswer.Of(200).With("Content-Type", "text/html") with { Body = "<title>Shop</title>" };
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync();
        var preflights = await PreflightsOfAsync(page);
        await page.GotoAsync(site.Url.ToString());

        var answer = await FetchAsync(page, "/v1/payments", new
        {
            method = "POST",
            headers = new Dictionary<string, string>
            {
                ["x-api-key"] = system.Kobbopay.ApiKey,
                ["Content-Type"] = "application/json",
            },
            body = """{"amount": 1, "currency": "USDT", "network": "example-network", "orderId": "by-the-page"}""",
        });

        answer.Should().Be("TypeError: Failed to fetch");
        await Eventually.SeeAsync(() => preflights.ToArray(), seen => seen is [403]);
        (await shop.GetAsync("/v1/payments?orderId=by-the-page"))["data"]!.AsArray().Should().BeEmpty();
        (await shop.GetAsync("/v1/payments?orderId=by-the-server"))["data"]!.AsArray().Should().ContainSingle();
        var token = ((string)known["publicStatusUrl"]!).Split('/')[^1];
        (await FetchAsync(page, $"/v1/public/payments/{token}", new { }))
            .Should().StartWith("200 ", "what is public is for every page");
    }

    private Task<string> FetchAsync(IPage page, string path, object options) =>
        page.EvaluateAsync<string>(Fetch, new[] { new Uri(system.Kobbopay.Url, path).ToString(), options });

    /// <summary>The statuses that the page's preflights get, which the page itself never learns.</summary>
    private static async Task<ConcurrentQueue<int>> PreflightsOfAsync(IPage page)
    {
        var statuses = new ConcurrentQueue<int>();
        var devTools = await page.Context.NewCDPSessionAsync(page);
        devTools.Event("Network.responseReceived").OnEvent += (_, received) =>
        {
            var told = JsonNode.Parse(received!.Value.GetRawText())!;
            if ((string?)told["type"] == "Preflight")
                statuses.Enqueue((int)told["response"]!["status"]!);
        };
        await devTools.SendAsync("Network.enable");
        return statuses;
    }
}
