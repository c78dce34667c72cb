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

    public static Html Of(string title, Language language, bool reloads, Html content) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="{language.Tag}" dir="{language.Direction}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex, nofollow">
        <meta name="referrer" content="no-referrer">
        <meta name="color-scheme" content="light dark">
        <title>{title}</title>
        <link rel="icon" href="{Assets.Link("icon.svg")}">
        <link rel="stylesheet" href="{Assets.Link("pay.css")}">
        {(reloads ? Reload : Html.Nothing)}
        <script src="{Assets.Link("pay.js")}" defer></script>
        </head>
        <body>
        {content}
        </body>
        </html>

        """);

    private static Html Notice(Language language, bool reloads, string heading, string text) =>
        Of(heading, language, reloads, Html.Of($"""
            <main class="card notice"><h1>{heading}</h1>
            <p>{text}</p></main>
            """));
}
