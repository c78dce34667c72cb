using Kobbopay.Gateway.Operators;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Yarp.ReverseProxy.Forwarder;

namespace Kobbopay.Gateway;

/// <summary>The headers that change on the way to a service; hop-by-hop ones are the forwarder's business.</summary>
/// <param name="identity">The signed identity for this service, where the request has a merchant.</param>
public sealed class ForwardedRequest(string? identity) : HttpTransformer
{
    private const string ForwardedFor = "X-Forwarded-For";

    /// <summary>
    /// Services never see a key, and believe nothing about addresses that the gateway did not say itself. Baggage would
    /// travel on through every service and into its spans.
    /// </summary>
    private static readonly string[] KeptBack =
    [
        ApiKeyAuthentication.Header, OperatorAuthentication.Header, "Authorization",
        "Forwarded", ForwardedFor, "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix",
        "X-Original-For", "X-Original-Proto", "X-Original-Host",
        "baggage", "Correlation-Context",
    ];

    public static readonly ForwardedRequest Anonymous = new(identity: null);

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix,
        CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var headers = proxyRequest.Headers;
        // Asked of the request first, where a look costs next to nothing: hardly any has one of them but its key.
        foreach (var header in KeptBack)
        {
            if (httpContext.Request.Headers.ContainsKey(header))
                headers.Remove(header);
        }

        // The destination's own name, not the public one.
        headers.Host = null;
        headers.TryAddWithoutValidation(RequestIdMiddleware.Header, httpContext.TraceIdentifier);
        headers.TryAddWithoutValidation(ForwardedFor, ClientAddress.Of(httpContext)?.ToString());
        if (identity is not null)
            headers.TryAddWithoutValidation(IdentityToken.Header, identity);
    }
}
