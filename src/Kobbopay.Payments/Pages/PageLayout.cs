using System.Text;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Pages;

/// <summary>What the pages for applicants and merchants have in common: they work without a script, and carry nothing
/// from elsewhere.</summary>
internal static class PageLayout
{
    public static readonly PageAssets Assets = new(
        typeof(PageLayout).Assembly, "/request-access/assets", $"{typeof(PageLayout).Namespace}.Assets",
        "pages.css", "claim.js");

    /// <param name="script">The name of one of <see cref="Assets"/>, or null.</param>
    public static Html Page(string title, Html content, string? script = null) => HtmlPage.Document(
        title,
        Html.Of($"""
            {HtmlPage.Private}
            <link rel="stylesheet" href="{Assets.Link("pages.css")}">
            {(script is null ? Html.Nothing : Html.Of($"""<script src="{Assets.Link(script)}" defer></script>"""))}
            """),
        Html.Of($"""
            <main>
            <h1>{title}</h1>
            {content}
            </main>
            """));

    /// <summary>What is wrong, each with a link to its field; nothing where nothing is.</summary>
    public static Html Summary(IReadOnlyList<InvalidField> errors) => errors.Count == 0 ? Html.Nothing : Html.Of($"""
        <div class="errors" role="alert" tabindex="-1"><h2>Please look at this again</h2>
        <ul>{Html.Join(errors.Select(error => Html.Of($"""
            <li><a href="#{FieldOf(error.Pointer)}">{LabelOf(error.Pointer)}</a>: {error.Message}</li>
            """)))}</ul></div>
        """);

    /// <summary>The id of a pointer's field: that of <c>/rails/2</c> is <c>rails</c>.</summary>
    public static string FieldOf(string pointer) => pointer.Split('/') is [_, var name, ..] ? name : "form";

    /// <summary><c>contactEmail</c> as people write it, and <c>xpub:polygon</c>.</summary>
    private static string LabelOf(string pointer)
    {
        var words = new StringBuilder();
        foreach (var c in FieldOf(pointer))
        {
            words.Append(c switch
            {
                ':' => " for ",
                _ when char.IsUpper(c) => $" {char.ToLowerInvariant(c)}",
                _ => c.ToString(),
            });
        }

        words[0] = char.ToUpperInvariant(words[0]);
        return words.ToString();
    }
}
