using Kobbopay.Gateway.Operators;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.Gateway;

/// <summary>
/// A secret key in a page is a leaked key: a request that carries one and bears a browser's mark is refused
/// (contracts.md, section 1, "Browser misuse"). Not by <c>Sec-Fetch-Mode</c>, which Node's fetch sends.
/// </summary>
public sealed partial class BrowserGuard(
    RequestDelegate next, ApiKeyAuthentication authentication, KeyActivity activity, ILogger<BrowserGuard> logger)
{
    private const string FetchSite = "Sec-Fetch-Site";

    private static readonly string[] Secrets = [ApiKeyAuthentication.Header, OperatorAuthentication.Header];

    public async Task InvokeAsync(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (HttpMethods.IsOptions(http.Request.Method) && SecretOf(headers.AccessControlRequestHeaders) is { } asked)
        {
            await RefuseAsync(http, HeaderNames.AccessControlRequestHeaders,
                $"A page asks to send {asked}. Keep the key on your server, and let the page call that.");
            return;
        }

        if (!Secrets.Any(headers.ContainsKey) || MarkOf(headers) is not { } mark)
        {
            await next(http);
            return;
        }

        await RefuseAsync(http, mark,
            $"The request carries an API key and the header {mark}, which browsers send. Keep the key on your server. "
            + $"If this came from your server, a proxy in between may have forwarded {mark}: remove it there.");
        // Afterwards, so that the answer tells nothing of the key; its merchant has to learn that it has leaked.
        if (await authentication.PeekAsync(http) is { } key)
            activity.Misused(key, mark, ClientAddress.Of(http)?.ToString());
    }

    private static string? MarkOf(IHeaderDictionary headers)
    {
        if (headers.ContainsKey(FetchSite))
            return FetchSite;
        return headers.Origin.ToString().Length > 0 ? HeaderNames.Origin : null;
    }

    private static string? SecretOf(StringValues requested) => requested
        .SelectMany(names => names?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        .Select(name => Secrets.FirstOrDefault(secret => secret.Equals(name, StringComparison.OrdinalIgnoreCase)))
        .FirstOrDefault(secret => secret is not null);

    private Task RefuseAsync(HttpContext http, string header, string detail)
    {
        LogRefused(header);
        return Problems.WriteAsync(http, ProblemCodes.ApiKeyInBrowser, detail);
    }

    [LoggerMessage(LogLevel.Information, "An API key came from a browser, by its header {Header}; refused")]
    private partial void LogRefused(string header);
}
