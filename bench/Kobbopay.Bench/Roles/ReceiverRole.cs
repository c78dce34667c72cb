using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kobbopay.Client;

namespace Kobbopay.Bench.Roles;

/// <summary>
/// A merchant's endpoint as lean as it can be: it checks the standard signature of every request and notes when each
/// event came first, so that a rate can be held against what is missing or came twice.
/// </summary>
internal static class ReceiverRole
{
    public const string Name = "receiver";

    public static Task ServeAsync(string secret)
    {
        var arrivals = new ConcurrentDictionary<string, Arrival>(StringComparer.Ordinal);
        long duplicates = 0, refused = 0;
        string[] secrets = [secret];
        var app = Role.BareServer().Build();

        app.MapPost("/webhooks", async (HttpContext context) =>
        {
            var body = new byte[(int)(context.Request.ContentLength ?? 0)];
            await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
            var headers = context.Request.Headers;
            var result = WebhookSignature.Verify(
                name => headers[name], body, secrets, TimeProvider.System.GetUtcNow(), WebhookSchemes.Standard);
            if (!result.IsValid)
            {
                Interlocked.Increment(ref refused);
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
            }
            else if (!Note(arrivals, body))
            {
                Interlocked.Increment(ref duplicates);
            }
        });
        app.MapDelete("/", () =>
        {
            arrivals.Clear();
            Interlocked.Exchange(ref duplicates, 0);
            Interlocked.Exchange(ref refused, 0);
        });
        app.MapGet("/counts", () => string.Create(
            CultureInfo.InvariantCulture,
            $"{arrivals.Count} {Interlocked.Read(ref duplicates)} {Interlocked.Read(ref refused)}"));
        app.MapGet("/arrivals", () => string.Join('\n', arrivals.Select(arrival =>
            string.Create(CultureInfo.InvariantCulture, $"{arrival.Key} {arrival.Value.Payment} {arrival.Value.At}"))));
        return Role.ServeAsync(app);
    }

    /// <summary>False when the event has been here before.</summary>
    private static bool Note(ConcurrentDictionary<string, Arrival> arrivals, byte[] body)
    {
        var at = Stopwatch.GetTimestamp();
        using var parsed = JsonDocument.Parse(body);
        var id = parsed.RootElement.GetProperty("id").GetString()!;
        var payment = parsed.RootElement.TryGetProperty("payment_id", out var value) ? value.GetString() : null;
        return arrivals.TryAdd(id, new Arrival(payment ?? id, at));
    }

    private sealed record Arrival(string Payment, long At);
}
