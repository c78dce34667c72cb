using System.Text;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>What every page has, whoever it is for: its frame, and the headers that keep it to itself.</summary>
public static class HtmlPage
{
    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>Nothing inline, nothing from elsewhere, in nobody's frame; forms go back to where they came
    /// from.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        + "form-action 'self'; frame-ancestors 'none'";

    /// <summary>For <see cref="Document"/>'s head, where a page is for one person.</summary>
    public static readonly Html Private = new("""
        <meta name="robots" content="noindex, nofollow">
        <meta name="referrer" content="no-referrer">
        """);

    /// <param name="language">BCP 47.</param>
    /// <param name="direction"><c>ltr</c> or <c>rtl</c>.</param>
    public static Html Document(
        string title, Html head, Html body, string language = "en", string direction = "ltr") => Html.Of($"""
        <!DOCTYPE html>
        <html lang="{language}" dir="{direction}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{title}</title>
        {head}
        </head>
        <body>
        {body}
        </body>
        </html>

        """);

    /// <summary>Not to be shown in a frame, nor taken for anything but what it says it is.</summary>
    public static void Protect(HttpResponse response, string contentSecurityPolicy = ContentSecurityPolicy)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = contentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
    }

    /// <summary>Sends a page that is for one person: neither stored nor indexed, and its address goes
    /// nowhere.</summary>
    public static async Task WritePrivateAsync(
        HttpContext http,
        Html page,
        int status,
        CancellationToken cancellation,
        string contentSecurityPolicy = ContentSecurityPolicy)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        Protect(response, contentSecurityPolicy);
        var headers = response.Headers;
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Robots-Tag"] = "noindex, nofollow";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        await response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(page.ToString()), cancellation);
    }
}
