using Kobbopay.ServiceDefaults.Web;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.Gateway;

/// <summary>
/// A secret key in a page is a leaked key: a request that carries one and bears a browser's mark is refused
/// (contracts.md, section 1, "Browser misuse"). Not by <c>Sec-Fetch-Mode</c>, which Node's fetch sends.
/// </summary>
public sealed partial class BrowserGuard(RequestDelegate next, ILogger<BrowserGuard> logger)
{
    private const string FetchSite = "Sec-Fetch-Site";

    public Task InvokeAsync(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (HttpMethods.IsOptions(http.Request.Method) && AsksForTheKey(headers.AccessControlRequestHeaders))
        {
            return RefuseAsync(http, HeaderNames.AccessControlRequestHeaders,
                "A page asks to send x-api-key. Keep the key on your server, and let the page call that.");
        }

        if (!headers.ContainsKey(ApiKeyAuthentication.Header) || MarkOf(headers) is not { } mark)
            return next(http);

        return RefuseAsync(http, mark,
            $"The request carries an API key and the header {mark}, which browsers send. Keep the key on your server. "
            + $"If this came from your server, a proxy in between may have forwarded {mark}: remove it there.");
    }

    private static string? MarkOf(IHeaderDictionary headers)
    {
        if (headers.ContainsKey(FetchSite))
            return FetchSite;
        return headers.Origin.ToString().Length > 0 ? HeaderNames.Origin : null;
    }

    private static bool AsksForTheKey(StringValues requested) =>
        requested.Any(names => names is not null && names.Split(',', StringSplitOptions.TrimEntries)
            .Contains(ApiKeyAuthentication.Header, StringComparer.OrdinalIgnoreCase));

    private Task RefuseAsync(HttpContext http, string header, string detail)
    {
        LogRefused(header);
        return Problems.WriteAsync(http, ProblemCodes.ApiKeyInBrowser, detail);
    }

    [LoggerMessage(LogLevel.Information, "An API key came from a browser, by its header {Header}; refused")]
    private partial void LogRefused(string header);
}
