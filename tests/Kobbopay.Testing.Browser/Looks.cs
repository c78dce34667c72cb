using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Kobbopay.Testing.Browser;

/// <summary>What is asked of every page that people see.</summary>
public static class Looks
{
    /// <summary>The narrowest screen that has to do without scrolling sideways (WCAG 2.2, 1.4.10).</summary>
    public const int NarrowWidth = 320;

    public static readonly ColorScheme[] Schemes = [ColorScheme.Light, ColorScheme.Dark];

    public static ViewportSize NarrowScreen => new() { Width = NarrowWidth, Height = 640 };

    /// <summary>Free of axe's violations in light and dark, and no wider than the screen.</summary>
    public static async Task LooksWellAsync(this IPage page)
    {
        // From right to left axe finds hardly a text whose contrast it would look at; the colours are the same.
        string[] looked = await page.EvaluateAsync<string>("document.dir") is "rtl"
            ? ["document-title"]
            : ["color-contrast", "document-title"];
        foreach (var scheme in Schemes)
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            var where = $"{await page.TitleAsync()}, {scheme}";
            var found = await page.RunAxe();
            found.Passes.Select(rule => rule.Id).Should().Contain(looked, where);
            found.Violations.Select(rule => $"{rule.Id}: {string.Join(", ", rule.Nodes.Select(node => node.Html))}")
                .Should().BeEmpty(where);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth"))
                .Should().BeLessThanOrEqualTo(page.ViewportSize!.Width, where);
        }
    }
}
