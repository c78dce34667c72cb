using System.Security.Cryptography;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Scalar.AspNetCore;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// <c>/reference</c>: the OpenAPI document as a page, by Scalar, whose script is served from here. It shows curl and
/// sends nothing: a secret key has no business in a browser.
/// </summary>
internal static class ReferencePage
{
    public const string Path = "/reference";

    private const int NonceBytes = 16;

    /// <summary>Some of Scalar's own colours are too pale for small text (WCAG 2.2, 1.4.3).</summary>
    private const string Colours = """
        .light-mode {
          --scalar-color-3: #5e5e5e;
          --scalar-sidebar-search-color: #5e5e5e;
          --scalar-color-accent: #0b57a4;
          --scalar-color-blue: #0b57a4;
          --scalar-color-green: #0a6638;
          --scalar-color-orange: #8a4600;
          --scalar-color-purple: #6a3ba8;
          --scalar-color-red: #b01c1c;
          --scalar-color-yellow: #735400;
        }
        .dark-mode {
          --scalar-color-3: #a8a8a8;
          --scalar-sidebar-search-color: #a8a8a8;
        }
        """;

    public static void MapReference(this WebApplication app) =>
        app.MapGroup(string.Empty).AllowPublic().MapScalarApiReference(Path, Configure);

    private static void Configure(ScalarOptions options, HttpContext http)
    {
        options.Title = "Kobbopay API reference";
        options.OpenApiRoutePattern = ApiDescriptionExtensions.Path;
        options.HideTestRequestButton = true;
        options.HideClientButton = true;
        options.DefaultFonts = false;
        options.CustomCss = Colours;
        options.Telemetry = false;
        options.Agent = new ScalarAgentOptions { Disabled = true };
        options.Mcp = new ScalarMcpOptions { Disabled = true };
        options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
        options.PersistentAuthentication = false;
        options.EnabledTargets = [ScalarTarget.Shell];
        options.EnabledClients = [ScalarClient.Curl];
        options.DefaultHttpClient = new(ScalarTarget.Shell, ScalarClient.Curl);
        options.Nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceBytes));
        // Its page has no language, which a screen reader needs.
        options.HeadContent = $"""<script nonce="{options.Nonce}">document.documentElement.lang = "en"</script>""";

        // Styles are made while it runs; scripts are the file of this site and the lines that start it.
        HtmlPage.Protect(
            http.Response,
            $"default-src 'none'; script-src 'self' 'nonce-{options.Nonce}'; style-src 'self' 'unsafe-inline'; "
            + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }
}
