using Kobbopay.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// <c>X-Request-Id</c> on every answer, in every log line and problem. The gateway drops what a caller sends, so a
/// well-formed id on an inbound request is the gateway's own; anything else gets a new one.
/// </summary>
public sealed class RequestIdMiddleware(RequestDelegate next, TimeProvider clock, ILogger<RequestIdMiddleware> logger)
{
    public const string Header = "X-Request-Id";

    public async Task InvokeAsync(HttpContext http)
    {
        var inbound = http.Request.Headers[Header].ToString();
        var id = Id.TryParse(Id.Request, inbound, out _) ? inbound : Id.Format(Id.Request, Id.New(clock));
        http.TraceIdentifier = id;
        // Set at the last moment: an exception on the way clears what was set before it.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[Header] = id;
            return Task.CompletedTask;
        });
        using (logger.BeginScope(new KeyValuePair<string, object>[] { new("RequestId", id) }))
            await next(http);
    }
}
