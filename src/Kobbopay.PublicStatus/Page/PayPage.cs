using Kobbopay.PublicStatus.Languages;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// <c>GET /pay/{token}</c>: the payer's page (contracts.md, section 5). Complete as served; the script only keeps it
/// live.
/// </summary>
public static class PayPage
{
    /// <summary>Nothing inline, nothing from elsewhere, in nobody's frame, no forms; the script asks for
    /// news.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string RetryAfterSeconds = "5";

    public static void MapPayPage(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/pay/{token}", [HttpMethods.Get, HttpMethods.Head], HandleAsync).AllowPublic()
            .Describe("getPaymentPage", "Show the payer's page of a payment")
            .AnswersText("text/html");
        PageFrame.Assets.MapTo(app);
    }

    private static async Task HandleAsync(
        string token, HttpContext http, PublicViews views, TimeProvider clock, CancellationToken cancellation)
    {
        var finding = await views.FindAsync(token, cancellation);
        var language = Language.Of(http.Request);
        var (status, page) = finding switch
        {
            { View: { } view } => (StatusCodes.Status200OK, PaymentMarkup.Page(view, clock.GetUtcNow(), language)),
            { IsUnavailable: true } => (StatusCodes.Status503ServiceUnavailable, PageFrame.Unavailable(language)),
            _ => (StatusCodes.Status404NotFound, PageFrame.NotFound(language)),
        };

        if (finding.IsUnavailable)
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        language.Declare(http.Response);
        await HtmlPage.WritePrivateAsync(http, page, status, cancellation, ContentSecurityPolicy);
    }
}
