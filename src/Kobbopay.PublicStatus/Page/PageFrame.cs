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

    // Before the pages that use it: static fields are set in the order in which they stand.
    private static readonly Html Reload = Html.Of(
        $"""<noscript><meta http-equiv="refresh" content="{ReloadWithoutScript}"></noscript>""");

    /// <summary>The same for every token that nobody knows.</summary>
    public static readonly Html NotFound = Of("Payment not found", "en", reloads: false, Html.Of($"""
        <main class="card notice"><h1>Payment not found</h1>
        <p>There is no payment at this address. Check the link, or ask for a new one where you got it.</p></main>
        """));

    public static readonly Html Unavailable = Of("Please try again", "en", reloads: true, Html.Of($"""
        <main class="card notice"><h1>Please try again in a moment</h1>
        <p>The payment can’t be looked up right now. If you have paid already, do not pay again.</p></main>
        """));

    public static Html Of(string title, string language, bool reloads, Html content) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="{language}">
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
}
