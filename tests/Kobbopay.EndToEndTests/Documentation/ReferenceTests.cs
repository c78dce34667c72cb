using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.EndToEndTests.PagesOfAccess;
using Microsoft.Playwright;

namespace Kobbopay.EndToEndTests.Documentation;

/// <summary>The reference as people read it: it shows what to send, and sends nothing.</summary>
public sealed class ReferenceTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private const string CreatePayment = "/reference/#tag/payments/POST/v1/payments";

    [Fact]
    public async Task An_operation_has_its_curl_and_its_examples_and_nothing_comes_from_elsewhere()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        await page.SetViewportSizeAsync(1_440, 1_000);
        await page.GotoAsync(CreatePayment);
        var operation = OperationOn(page);
        await operation.GetByText("--request POST").WaitForAsync();

        var text = await operation.InnerTextAsync();
        text.Should().Contain("Create a payment").And.Contain("curl ").And.Contain("x-api-key")
            .And.Contain("\"orderId\": \"order-123\"").And.Contain("payments:write");
        await visitor.LeftNoTraceButAsync("info: @scalar/api-reference@");
    }

    [Fact]
    public async Task It_is_accessible_in_light_and_dark_on_a_narrow_screen_and_on_a_wide_one()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        foreach (var width in new[] { Looks.NarrowWidth, 1_440 })
        {
            await page.SetViewportSizeAsync(width, 1_000);
            await page.GotoAsync("about:blank");
            await page.GotoAsync(CreatePayment);
            await OperationOn(page).GetByText("--request POST").WaitForAsync();
            await page.LooksWellAsync();
        }
    }

    [Fact]
    public async Task There_is_nothing_to_send_with_and_nowhere_to_type_a_key_in()
    {
        await using var visitor = await Visitor.StartAsync(system.Kobbopay.Url);
        var page = visitor.Page;
        await page.SetViewportSizeAsync(1_440, 1_000);
        foreach (var place in new[] { "/reference/", CreatePayment })
        {
            await page.GotoAsync("about:blank");
            await page.GotoAsync(place);
            await page.GetByText("--request POST").First.WaitForAsync();
            var buttons = await page.GetByRole(AriaRole.Button).AllInnerTextsAsync();
            buttons.Should().NotBeEmpty();
            foreach (var word in new[] { "Test Request", "Send", "Ask AI", "API Client", "MCP" })
                buttons.Should().NotContain(button => button.Contains(word, StringComparison.OrdinalIgnoreCase));
            // A box beside an answer shows its schema in place of its example.
            (await page.Locator("input:not([type=checkbox]), textarea, select, [contenteditable=true]").CountAsync())
                .Should().Be(0);
        }
    }

    private static ILocator OperationOn(IPage page) => page.Locator("section[id$='tag/payments/POST/v1/payments']");
}
