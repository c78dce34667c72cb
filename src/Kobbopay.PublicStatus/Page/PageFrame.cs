using Kobbopay.PublicStatus.Languages;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.PublicStatus.Page;

/// <summary>What every page has around its content, and the pages that have no payment to show.</summary>
internal static class PageFrame
{
    /// <summary>Seconds between reloads where no script runs.</summary>
    private const int ReloadWithoutScript = 15;

    public static readonly PageAssets Assets = new(
        typeof(PageFrame).Assembly, "/pay/assets", $"{typeof(PageFrame).Namespace}.Assets",
        "pay.js", "pay.css", "icon.svg");

    private static readonly Html Reload = Html.Of(
        $"""<noscript><meta http-equiv="refresh" content="{ReloadWithoutScript}"></noscript>""");

    /// <summary>The same for every token that nobody knows.</summary>
    public static Html NotFound(Language language) =>
        Notice(language, reloads: false, language.Texts.NotFound, language.Texts.NotFoundText);

    public static Html Unavailable(Language language) =>
        Notice(language, reloads: true, language.Texts.TryAgain, language.Texts.TryAgainText);

    public static Html Of(string title, Language language, bool reloads, Html content) => HtmlPage.Document(
        title,
        Html.Of($"""
            {HtmlPage.Private}
            <link rel="icon" href="{Assets.Link("icon.svg")}">
            <link rel="stylesheet" href="{Assets.Link("pay.css")}">
            {(reloads ? Reload : Html.Nothing)}
            <script src="{Assets.Link("pay.js")}" defer></script>
            """),
        content,
        language.Tag,
        language.Direction);

    private static Html Notice(Language language, bool reloads, string heading, string text) =>
        Of(heading, language, reloads, Html.Of($"""
            <main class="card notice"><h1>{heading}</h1>
            <p>{text}</p></main>
            """));
}
