using System.Text;
using System.Text.RegularExpressions;
using Kobbopay.Gateway.Docs;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.UnitTests.Docs;

/// <summary>The documentation as it is served: every link leads somewhere, and what was published stays.</summary>
public sealed partial class DocSiteTests
{
    private const string WriteVariable = "KOBBOPAY_WRITE_ANCHORS";
    private const string Published = "docs/anchors.txt";

    private static readonly DocSite Site = new();

    /// <summary>Paths of the gateway beside the pages.</summary>
    private static readonly string[] Beside = [DocRoutes.Root, DocRoutes.SearchPath, "/reference"];

    /// <summary>Pages by their names, and everything that can be linked to on them.</summary>
    private static HashSet<string> Served => Site.Pages
        .SelectMany(page => page.Anchors
            .Select(anchor => $"{page.Page.Slug}#{anchor}").Prepend(page.Page.Slug))
        .ToHashSet(StringComparer.Ordinal);

    [Fact]
    public void Every_anchor_that_was_ever_published_is_served()
    {
        RepositoryTests.LinesOf(Published).Except(Served).Should().BeEmpty(
            "they are linked to; keep an anchor that lost its heading as <a id=\"...\"></a>");
    }

    [Fact]
    public async Task Every_anchor_that_is_served_is_published()
    {
        var known = RepositoryTests.LinesOf(Published);
        if (Environment.GetEnvironmentVariable(WriteVariable) is not null)
        {
            known = [.. known.Union(Served).Order(StringComparer.Ordinal)];
            var path = Path.Combine(RepositoryTests.Root, Published);
            await File.WriteAllTextAsync(
                path, string.Concat(known.Select(anchor => $"{anchor}\n")), TestContext.Current.CancellationToken);
        }

        Served.Except(known).Should().BeEmpty(
            $"they are missing in {Published}; run this test with {WriteVariable}=1 to add them for good");
        known.Should().BeInAscendingOrder(StringComparer.Ordinal).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void Every_problem_code_has_its_anchor()
    {
        ProblemCodes.All.Keys.Select(code => $"errors#{code.Replace('_', '-')}").Except(Served).Should().BeEmpty();
    }

    [Fact]
    public void Every_link_leads_to_a_page_and_an_anchor_that_exist_or_to_another_site_by_https()
    {
        var lost =
            from page in DocPage.All
            from Match link in Link().Matches(TextOf(page))
            let url = link.Groups["url"].Value
            where !Leads(page, url)
            select $"{page.Slug}: {url}";

        lost.Should().BeEmpty();
    }

    [Fact]
    public void A_link_of_the_repository_becomes_one_of_the_site_and_what_is_not_served_is_no_link()
    {
        Render("[`a` b](errors.md#not-found) [c *d*](../README.md), [e](openapi.json)").Content.Markup.Should()
            .Be("<p><a href=\"/docs/errors#not-found\"><code>a</code> b</a> c <em>d</em>, "
                + "<a href=\"/reference\">e</a></p>\n");
    }

    [Fact]
    public void Marks_are_dropped_an_anchor_without_its_heading_stays_and_other_markup_is_a_mistake()
    {
        var page = Render("<!-- a mark -->\n<a id=\"old-name\"></a>\n\n## New name\n");

        page.Content.Markup.Should().NotContain("mark").And.Contain("<a id=\"old-name\"></a>");
        page.Anchors.Should().BeEquivalentTo("t", "new-name", "old-name");
        FluentActions.Invoking(() => Render("<div>x</div>\n"))
            .Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => Render("x <img src=\"y\">\n"))
            .Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Headings_of_a_page_have_names_of_their_own_and_no_level_is_left_out()
    {
        foreach (var page in Site.Pages)
        {
            page.Sections.Select(section => section.Heading).Should().OnlyHaveUniqueItems(page.Page.Slug);
            page.Sections[0].Level.Should().Be(1, page.Page.Slug);
            page.Sections.Zip(page.Sections.Skip(1)).Should().OnlyContain(
                pair => pair.Second.Level > 1 && pair.Second.Level <= pair.First.Level + 1, page.Page.Slug);
        }
    }

    [Fact]
    public void Every_page_has_the_others_around_it_and_its_code_as_it_is_written()
    {
        foreach (var (index, page) in DocPage.All.Index())
        {
            var text = TextOf(page);
            text.Should().Contain($"<a href=\"{page.Path}\" aria-current=\"page\">");
            text.Contains("rel=\"prev\"", StringComparison.Ordinal).Should().Be(index > 0);
            text.Contains("rel=\"next\"", StringComparison.Ordinal).Should().Be(index < DocPage.All.Count - 1);
            Fence().Count(string.Join('\n', RepositoryTests.LinesOf($"docs/{page.Slug}.md")))
                .Should().Be(2 * Code().Count(text));
        }

        TextOf(DocPage.All.Single(page => page.Slug == "quickstart")).Should()
            .Contain("curl -sS &quot;$KOBBOPAY_URL/v1/rails&quot; -H &quot;x-api-key: $KOBBOPAY_API_KEY&quot;\n");
    }

    private static RenderedPage Render(string markdown) => DocMarkdown.Render(DocPage.All[0], $"# T\n\n{markdown}");

    private static bool Leads(DocPage page, string url)
    {
        if (url.StartsWith("https://", StringComparison.Ordinal) || Beside.Contains(url)
            || url.StartsWith($"{DocRoutes.Root}/assets/", StringComparison.Ordinal))
            return true;
        if (url == "#content")
            return true;
        var target = url.StartsWith('#') ? page.Slug + url : url.Replace($"{DocRoutes.Root}/", string.Empty);
        return Served.Contains(target);
    }

    private static string TextOf(DocPage page) => Encoding.UTF8.GetString(Site.Find(page.Slug)!.Bytes);

    [GeneratedRegex("(href|src|action)=\"(?<url>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex("^```", RegexOptions.Multiline, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex("<pre ", RegexOptions.None, 1000)]
    private static partial Regex Code();
}
