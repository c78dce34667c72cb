using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.PagesOfAccess;

/// <summary>The pages of docs/access.md as people meet them: in a browser, on the whole system.</summary>
public sealed class PagesOfAccessTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private static readonly string[] FormFields =
    [
        "company", "website", "contactEmail", "useCase", "integrationType", "volume", "rails", "markets",
        "technicalContact",
    ];

    private static readonly (string Field, string Text)[] Application =
    [
        ("company", "Shoe Shop"), ("website", "shoes.example.com"), ("contactEmail", "ann@shoes.example.com"),
        ("useCase", "We sell shoes,\nand want to take stablecoins."), ("integrationType", "own backend"),
        ("volume", "100 a month"), ("rails", "USDT on example-network, USDC on Base"), ("markets", "DE, FR"),
        ("technicalContact", "bob@shoes.example.com"),
    ];

    /// <summary>An account of the well-known test mnemonic (BIP 39), another one than the demo shop's.</summary>
    private const string Xpub =
        "xpub6BuRy7ZmkGfP2RWhoor1kWB1w9DvrtmJbFBvnC1bQ4SB5NbCHTyQYCJSXZtxDbFyHTmC7wkU2he3n"
        + "YYdpZ3Vf6qUAkXSnL6RPif4BDtDEKr";

    private string WebhookUrl => $"http://127.0.0.1:{system.Kobbopay.WebhookPort}/webhooks";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_company_asks_for_access_and_claims_a_key_that_works_with_scripts_and_without(bool scripts)
    {
        using var reviewer = new Reviewer(system.Kobbopay);
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url, scripts);
        var page = visitor.Page;
        var request = await ApplyAsync(visitor);
        (await page.InnerTextAsync("main")).Should().Contain("We have your request").And.Contain("Shoe Shop");

        var (link, code) = await reviewer.ApproveAsync(request);
        await page.ReloadAsync();
        (await page.InnerTextAsync("main")).Should().Contain("has been approved").And.NotContain(code);

        var token = link.Split('#')[1];
        await page.GotoAsync(link);
        (await page.InputValueAsync("#token")).Should().Be(scripts ? token : string.Empty);
        page.Url.Should().Be(scripts ? link.Split('#')[0] : link);
        if (scripts)
            (await visitor.FocusAsync()).Should().Be("code");
        else
            await page.FillAsync("#token", token);
        await visitor.SendAsync(visitor.Errors, ("code", Wrong(code)));
        (await visitor.Errors.InnerTextAsync()).Should().Contain("4 more tries");
        (await page.InputValueAsync("#token")).Should().Be(token);
        await visitor.SendAsync(visitor.Heading("Claim access for Shoe Shop"), ("code", code));
        await visitor.SendAsync(visitor.Heading("Access for Shoe Shop"), ("webhookUrl", WebhookUrl));

        var (key, secret) = (await page.InnerTextAsync("#apiKey"), await page.InnerTextAsync("#webhookSecret"));
        secret.Should().StartWith("whsec_");
        using var merchant = system.Kobbopay.Merchant(key);
        var account = (await merchant.GetFromJsonAsync<JsonNode>(
            new Uri("/v1/account", UriKind.Relative), TestContext.Current.CancellationToken))!;
        ((string?)account["settings"]!["displayName"], (string?)account["environment"])
            .Should().Be(("Shoe Shop", "test"));
        await visitor.LeftNoTraceAsync(token, code, key, secret);
    }

    [Fact]
    public async Task Every_page_of_an_access_request_is_accessible_in_light_and_dark_on_a_narrow_screen()
    {
        using var reviewer = new Reviewer(system.Kobbopay);
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        await page.GotoAsync("/request-access");
        await visitor.Page.LooksWellAsync();
        await visitor.SendAsync(
            visitor.Errors, ("contactEmail", "nobody"), ("website", "nowhere"), ("useCase", "Shoes."),
            ("rails", new string('x', 1_000)));
        await visitor.Page.LooksWellAsync();

        var declined = await ApplyAsync(visitor);
        await visitor.Page.LooksWellAsync();
        await reviewer.DeclineAsync(declined, "Not our market.");
        await page.ReloadAsync();
        (await page.InnerTextAsync("main")).Should().Contain("can't give you access").And.Contain("Not our market.");
        await visitor.Page.LooksWellAsync();

        var approved = await ApplyAsync(visitor);
        await reviewer.DeferAsync(approved, "We need your registration.");
        await page.ReloadAsync();
        (await page.InnerTextAsync("main")).Should().Contain("come back to it").And.Contain("your registration");
        await visitor.Page.LooksWellAsync();
        await reviewer.ApproveAsync(approved);
        await page.ReloadAsync();
        (await page.InnerTextAsync("main")).Should().Contain("approved").And.NotContain("your registration");
        await visitor.Page.LooksWellAsync();

        await page.GotoAsync("/request-access/unknown");
        await visitor.Page.LooksWellAsync();
        await visitor.LeftNoTraceAsync();
    }

    [Fact]
    public async Task Every_page_of_a_claim_is_accessible_in_light_and_dark_on_a_narrow_screen()
    {
        using var reviewer = new Reviewer(system.Kobbopay);
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var (link, code) = await reviewer.ApproveAsync(await ApplyAsync(visitor));
        await visitor.Page.GotoAsync(link);
        await visitor.Page.LooksWellAsync();
        await visitor.SendAsync(visitor.Errors, ("code", Wrong(code)));
        await visitor.Page.LooksWellAsync();
        await visitor.SendAsync(visitor.Heading("Claim access for Shoe Shop"), ("code", code));
        await visitor.Page.LooksWellAsync();
        await visitor.SendAsync(visitor.Errors, ("webhookUrl", "ftp://shoes.example.com/webhooks"));
        await visitor.Page.LooksWellAsync();
        await visitor.SendAsync(visitor.Heading("Access for Shoe Shop"), ("webhookUrl", WebhookUrl));
        await visitor.Page.LooksWellAsync();

        // Where the page is open already, the link is only another fragment.
        await visitor.Page.GotoAsync("/claim");
        await visitor.Page.GotoAsync(link);
        await Eventually.GetAsync(
            () => visitor.Page.EvaluateAsync<string>("location.href + ' ' + document.getElementById('token').value"),
            shown => shown == link.Replace('#', ' '));
        await visitor.SendAsync(visitor.Heading("This link can't be used"), ("code", code));
        await visitor.Page.LooksWellAsync();
        await visitor.LeftNoTraceAsync(link.Split('#')[1], code);
    }

    [Fact]
    public async Task A_merchant_enters_its_extended_public_key_and_confirms_the_addresses_that_it_is_paid_at()
    {
        using var reviewer = new Reviewer(system.Kobbopay);
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        var (link, code) = await reviewer.ApproveAsync(await ApplyAsync(visitor), "dev-evm");
        await page.GotoAsync(link);
        await visitor.SendAsync(visitor.Heading("Claim access for Shoe Shop"), ("code", code));
        await page.LooksWellAsync();
        await visitor.SendAsync(visitor.Errors, ("xpub:dev-evm", Xpub[..^1]));
        await page.LooksWellAsync();
        await FollowAsync(visitor, "xpub:dev-evm");

        var addresses = page.Locator("ol code");
        await visitor.SendAsync(addresses.First, ("xpub:dev-evm", Xpub));
        var shown = await addresses.AllInnerTextsAsync();
        shown.Should().HaveCount(3).And.AllSatisfy(one => one.Should().MatchRegex("^0x[0-9A-Fa-f]{40}$"));
        await page.LooksWellAsync();
        await page.Locator("[id='confirm:dev-evm']").CheckAsync();
        await visitor.SendAsync(visitor.Heading("Access for Shoe Shop"));
        await page.LooksWellAsync();

        using var merchant = system.Kobbopay.Merchant(await page.InnerTextAsync("#apiKey"));
        using var answer = await merchant.PostAsJsonAsync(
            new Uri("/v1/payments", UriKind.Relative),
            new { amount = "1", currency = "USDT", network = "dev-evm", orderId = "shoes-1" },
            TestContext.Current.CancellationToken);
        var payment = await answer.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken);
        ((string)payment!["depositAddress"]!).Should().Be(shown[0]);
    }

    [Fact]
    public async Task The_tab_key_comes_to_every_field_and_button_and_never_to_the_trap()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        await visitor.Page.GotoAsync("/request-access");
        (await visitor.TabStopsAsync()).Should().Equal([.. FormFields, "BUTTON"]);
        await visitor.Page.GotoAsync("/claim");
        (await visitor.TabStopsAsync()).Should().Equal("token", "code", "BUTTON");
    }

    [Fact]
    public async Task After_an_error_the_summary_comes_first_and_its_links_lead_to_their_fields()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        await visitor.Page.GotoAsync("/request-access");
        await visitor.SendAsync(
            visitor.Errors, ("website", "nowhere"), ("rails", $"USDT on example-network, {new string('x', 201)}"));
        string[] wrong = ["website", "contactEmail", "useCase", "rails"];
        string[] links = [.. wrong.Select(field => $"#{field}")];
        (await visitor.TabStopsAsync()).Should().Equal([.. links, .. FormFields, "BUTTON"]);
        await FollowAsync(visitor, wrong);
    }

    [Fact]
    public async Task The_links_of_a_refused_claim_lead_to_their_fields_and_no_reload_costs_the_token()
    {
        using var reviewer = new Reviewer(system.Kobbopay);
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var (link, code) = await reviewer.ApproveAsync(await ApplyAsync(visitor));
        await visitor.Page.GotoAsync(link);
        await visitor.SendAsync(visitor.Errors, ("code", Wrong(code)));
        await FollowAsync(visitor, "code");
        await visitor.Page.ReloadAsync();
        (await visitor.Page.InputValueAsync("#token")).Should().Be(link.Split('#')[1]);

        await visitor.SendAsync(visitor.Heading("Claim access for Shoe Shop"), ("code", code));
        await visitor.SendAsync(visitor.Errors, ("webhookUrl", "ftp://shoes.example.com/webhooks"));
        (await visitor.TabStopsAsync()).Should().Equal("#webhookUrl", "webhookUrl", "BUTTON");
        await FollowAsync(visitor, "webhookUrl");
    }

    /// <summary>By the keyboard, each link of the summary in turn.</summary>
    private static async Task FollowAsync(Visitor visitor, params string[] fields)
    {
        foreach (var field in fields)
        {
            await visitor.Errors.Locator($"a[href='#{field}']").PressAsync("Enter");
            (await visitor.FocusAsync()).Should().Be(field);
        }
    }

    /// <summary>Fills in the form, and returns the id that the page of the request shows.</summary>
    private static async Task<string> ApplyAsync(Visitor visitor)
    {
        await visitor.Page.GotoAsync("/request-access");
        await visitor.SendAsync(visitor.Heading("Your access request"), Application);
        return await visitor.Page.Locator("dd").First.InnerTextAsync();
    }

    /// <summary>Another code of six digits.</summary>
    private static string Wrong(string code) => code[..5] + (code[5] == '0' ? '1' : '0');
}
