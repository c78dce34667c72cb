using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.EndToEndTests.PagesOfAccess;
using Microsoft.Playwright;

namespace Kobbopay.EndToEndTests.Documentation;

/// <summary>The documentation as people read it: in a browser, from the running system.</summary>
public sealed class DocumentationTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private const int Wide = 1_440;

    [Fact]
    public async Task Every_page_is_accessible_in_light_and_dark_on_a_narrow_screen_and_asks_no_other_host()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        await visitor.Page.GotoAsync("/");
        visitor.Page.Url.Should().EndWith("/docs");
        var pages = await visitor.Page.Locator(".pages a[href^='/docs/']").EvaluateAllAsync<string[]>(
            "links => links.map(link => link.getAttribute('href'))");
        pages.Should().HaveCountGreaterThan(10).And.OnlyHaveUniqueItems();

        foreach (var page in (string[])[.. pages, "/docs/search?q=webhook", "/docs/search?q=zeppelin", "/docs/nothing"])
        {
            await visitor.Page.GotoAsync(page);
            await visitor.Page.LooksWellAsync();
        }

        await visitor.LeftNoTraceAsync();
    }

    [Fact]
    public async Task A_wide_screen_has_the_pages_and_the_contents_beside_the_text()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        await visitor.Page.SetViewportSizeAsync(Wide, Wide);
        await visitor.Page.GotoAsync("/docs/lifecycle");

        await visitor.Page.LooksWellAsync();
        await visitor.Page.ClickAsync(".contents a[href='#fulfilment']");
        visitor.Page.Url.Should().EndWith("/docs/lifecycle#fulfilment");
        await visitor.Page.ClickAsync(".pages a:has-text('Sandbox')");
        await visitor.Heading("Sandbox").WaitForAsync();
        await visitor.LeftNoTraceAsync();
    }

    [Fact]
    public async Task The_keyboard_comes_to_the_search_and_from_there_to_a_section()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        await page.GotoAsync("/docs/sandbox");
        var stops = await visitor.TabStopsAsync();
        stops.Take(3).Should().Equal("#content", "/docs", "q");

        await page.Keyboard.PressAsync("Control+k");
        (await visitor.FocusAsync()).Should().Be("q");
        await page.Keyboard.TypeAsync("too many decimals");
        await page.Keyboard.PressAsync("Enter");
        await visitor.Heading("Search").WaitForAsync();
        await page.Locator(".found a").First.PressAsync("Enter");
        await visitor.Heading("Errors").WaitForAsync();
        page.Url.Should().EndWith("/docs/errors#too-many-decimals");
        await visitor.LeftNoTraceAsync();
    }

    [Fact]
    public async Task A_press_of_the_button_copies_the_code_as_it_is_written()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync("/docs/quickstart");
        var code = page.Locator(".code").Filter(new LocatorFilterOptions { HasText = "/v1/rails" });
        await code.GetByRole(AriaRole.Button).ClickAsync();
        await code.GetByText("Copied").WaitForAsync();

        (await page.EvaluateAsync<string>("navigator.clipboard.readText()"))
            .Should().Be("curl -sS \"$KOBBOPAY_URL/v1/rails\" -H \"x-api-key: $KOBBOPAY_API_KEY\"\n");
    }

    [Fact]
    public async Task Without_scripts_everything_is_there_but_the_button()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url, scripts: false);
        var page = visitor.Page;
        await page.GotoAsync("/docs/quickstart");
        (await page.Locator(".code").CountAsync()).Should().BePositive();
        (await page.Locator(".copy").CountAsync()).Should().Be(0);
        await page.FillAsync("#q", "rotate a secret");
        await page.PressAsync("#q", "Enter");
        await page.Locator(".found a").First.ClickAsync();
        await visitor.Heading("Webhooks").WaitForAsync();
        page.Url.Should().EndWith("/docs/webhooks#rotate-a-secret");
    }
}
