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
    public const string Path = "/webhooks";
    public const string HangingPath = "/hanging";

    public static Task ServeAsync(string secret, bool wholeLoopback)
    {
        var arrivals = new ConcurrentDictionary<string, Arrival>(StringComparer.Ordinal);
        long duplicates = 0, refused = 0;
        string[] secrets = [secret];
        var app = Role.BareServer(wholeLoopback).Build();

        app.MapPost(Path, TakeAsync);
        app.MapPost(Path + "/{endpoint}", TakeAsync);
        app.MapPost(HangingPath, (HttpContext context) =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        app.MapDelete("/", () =>
        {
            arrivals.Clear();
            Interlocked.Exchange(ref duplicates, 0);
            Interlocked.Exchange(ref refused, 0);
        });
        app.MapGet("/counts", () => string.Create(
            CultureInfo.InvariantCulture,
            $"{arrivals.Count} {Interlocked.Read(ref duplicates)} {Interlocked.Read(ref refused)}"));
        app.MapGet("/arrivals", () => string.Join('\n', arrivals.Select(arrival => Line(arrival.Key, arrival.Value))));
        return Role.ServeAsync(app);

        async Task TakeAsync(HttpContext context)
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
            else if (!Note(arrivals, context.Request.Path.Value!, body))
            {
                Interlocked.Increment(ref duplicates);
            }
        }
    }

    private static string Line(string id, Arrival arrival) => string.Create(
        CultureInfo.InvariantCulture, $"{id} {arrival.Type} {arrival.Payment} {arrival.Path} {arrival.At}");

    /// <summary>False when the event has been here before.</summary>
    private static bool Note(ConcurrentDictionary<string, Arrival> arrivals, string path, byte[] body)
    {
        var at = Stopwatch.GetTimestamp();
        using var parsed = JsonDocument.Parse(body);
        var id = parsed.RootElement.GetProperty("id").GetString()!;
        var payment = parsed.RootElement.TryGetProperty("payment_id", out var value) ? value.GetString() : null;
        var type = parsed.RootElement.GetProperty("type").GetString()!;
        return arrivals.TryAdd(id, new Arrival(type, payment ?? id, path, at));
    }

    private sealed record Arrival(string Type, string Payment, string Path, long At);
}
