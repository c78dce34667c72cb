using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway.Docs;

/// <summary>What all pages of the documentation have around them. They work without the script.</summary>
internal static class DocLayout
{
    public static readonly PageAssets Assets = new(
        typeof(DocLayout).Assembly, $"{DocRoutes.Root}/assets", $"{typeof(DocLayout).Namespace}.Assets",
        "docs.css", "docs.js", "icon.svg");

    public static Html Page(IReadOnlyList<RenderedPage> pages, int index)
    {
        var page = pages[index];
        return Frame(page.Title, page.Page, Html.Of($"""
            <h1 id="{page.Sections[0].Id}">{page.Title}</h1>
            {ContentsOf(page)}
            {page.Content}
            <nav class="turn" aria-label="Previous and next page">
            {Turn(pages.ElementAtOrDefault(index - 1), "prev", "Previous")}
            {Turn(pages.ElementAtOrDefault(index + 1), "next", "Next")}
            </nav>
            """));
    }

    public static Html NotFound() => Frame("There is no such page", null, Html.Of($"""
        <h1>There is no such page</h1>
        <p>Pages of this documentation don't move, so the link may have been cut off. Search for it, or choose a
        page.</p>
        """));

    public static Html Search(string query, IReadOnlyList<DocFinding> found) => Frame("Search", null, Html.Of($"""
        <h1>Search</h1>
        <p role="status">{Outcome(query, found.Count)}</p>
        <ol class="found">{Html.Join(found.Select(finding => Html.Of($"""
            <li><a href="{finding.Path}">{finding.Section.Heading}</a> <span class="quiet">{finding.Title}</span>
            <p>{finding.Excerpt}</p></li>
            """)))}</ol>
        """), query);

    private static string Outcome(string query, int count) => (query, count) switch
    {
        ("", _) => "Say what you are looking for.",
        (_, 0) => $"Nothing has all the words of \"{query}\".",
        (_, 1) => $"One section has \"{query}\".",
        _ => $"{count} sections have \"{query}\"; the likeliest come first.",
    };

    private static Html Frame(string title, DocPage? current, Html content, string query = "") => HtmlPage.Document(
        $"{title} - Kobbopay documentation",
        Html.Of($"""
            <link rel="icon" href="{Assets.Link("icon.svg")}" type="image/svg+xml">
            <link rel="stylesheet" href="{Assets.Link("docs.css")}">
            <script src="{Assets.Link("docs.js")}" defer></script>
            """),
        Html.Of($"""
            <a class="skip" href="#content">Skip to the content</a>
            <header>
            <a class="home" href="{DocRoutes.Root}">Kobbopay documentation</a>
            <form role="search" action="{DocRoutes.SearchPath}">
            <label for="q">Search</label>
            <input id="q" name="q" type="search" value="{query}" maxlength="{DocSearch.LongestQuery}"
              autocomplete="off">
            <button>Search</button>
            </form>
            </header>
            <div class="columns">
            <nav class="pages" aria-label="Pages">
            <details><summary>Pages</summary>
            <ul>{Html.Join(DocPage.All.Select(page => Html.Of($"""
                <li><a href="{page.Path}"{Current(page == current)}>{page.Name}</a></li>
                """)))}
            <li><a href="{ReferencePage.Path}">API reference</a></li></ul>
            </details>
            </nav>
            <main id="content" tabindex="-1">
            {content}
            </main>
            </div>
            """));

    private static Html Current(bool isCurrent) => new(isCurrent ? " aria-current=\"page\"" : string.Empty);

    private static Html ContentsOf(RenderedPage page)
    {
        var sections = page.Sections.Where(section => section.Level is 2 or 3).ToArray();
        return sections.Length < 2 ? Html.Nothing : Html.Of($"""
            <nav class="contents" aria-label="On this page">
            <details><summary>On this page</summary>
            <ul>{Html.Join(sections.Select(section => Html.Of($"""
                <li class="level-{section.Level}"><a href="#{section.Id}">{section.Heading}</a></li>
                """)))}</ul>
            </details>
            </nav>
            """);
    }

    private static Html Turn(RenderedPage? page, string relation, string word) => page is null
        ? Html.Nothing
        : Html.Of($"""
            <a rel="{relation}" href="{page.Page.Path}"><span class="quiet">{word}</span> {page.Page.Name}</a>
            """);
}
