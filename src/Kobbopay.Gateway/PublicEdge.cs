using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway;

/// <summary>
/// What is taken off each request before anything reads it, and put on each answer that does not say otherwise.
/// </summary>
public static class PublicEdge
{
    /// <summary>The first thing in the pipeline, but for whose connection it is.</summary>
    public static void UsePublicEdge(this WebApplication app) => app.Use((http, next) =>
    {
        var headers = http.Request.Headers;
        headers.Remove(RequestIdMiddleware.Header);
        headers.Remove(IdentityToken.Header);
        http.Response.OnStarting(AddSecurityHeaders, http);
        return next(http);
    });

    private static Task AddSecurityHeaders(object state)
    {
        var http = (HttpContext)state;
        var headers = http.Response.Headers;
        headers.TryAdd("X-Content-Type-Options", "nosniff");
        headers.TryAdd("Referrer-Policy", "no-referrer");
        // Answers are data: a browser that shows one runs nothing of it. Pages bring a policy of their own.
        headers.TryAdd("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        headers.TryAdd("Cache-Control", "no-store");
        if (http.Request.IsHttps)
            headers.TryAdd("Strict-Transport-Security", "max-age=31536000");
        return Task.CompletedTask;
    }
}
