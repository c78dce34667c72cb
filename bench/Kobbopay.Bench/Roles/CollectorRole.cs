using System.Collections.Concurrent;
using System.Globalization;

namespace Kobbopay.Bench.Roles;

/// <summary>
/// A collector that swallows what it is sent (OTLP over HTTP) and counts the requests by signal: "/v1/traces 17".
/// </summary>
internal static class CollectorRole
{
    public const string Name = "collector";

    public static Task ServeAsync()
    {
        var requests = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var app = Role.BareServer().Build();
        app.MapPost("/v1/{signal}", async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            requests.AddOrUpdate(context.Request.Path.Value!, 1, (_, count) => count + 1);
        });
        app.MapGet("/", () => string.Join('\n', requests.Select(one =>
            string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value}"))));
        return Role.ServeAsync(app);
    }
}
