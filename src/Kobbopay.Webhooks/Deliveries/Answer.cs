using System.Text.Json;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Reads as much of an endpoint's answer as is kept for the merchant: its status, its headers, its first 16
/// KiB.</summary>
internal static class Answer
{
    private const int BodyLimit = 16 * 1024;
    private const int HeadersLimit = 8 * 1024;

    public static async Task<Attempt> ReadAsync(
        HttpResponseMessage response, DateTimeOffset startedAt, TimeProvider clock, CancellationToken deadline)
    {
        var status = (int)response.StatusCode;
        var error = status switch
        {
            >= 200 and < 300 => null,
            >= 300 and < 400 => "redirect",
            _ => "http_status",
        };
        var (body, truncated) = await BodyAsync(response, deadline);
        return new Attempt(
            startedAt, TimeSpan.Zero, status, error, Headers(response), body, truncated, RetryAfter(response, clock),
            response.Headers.TryGetValues("webhook-delivery", out var asks)
                && asks.Contains("disable", StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The status has decided already: a body that breaks off or does not end is only cut.</summary>
    private static async Task<(byte[] Body, bool Truncated)> BodyAsync(
        HttpResponseMessage response, CancellationToken deadline)
    {
        var buffer = new byte[BodyLimit + 1];
        var length = 0;
        var broken = false;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(deadline);
            length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, deadline);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            broken = true;
        }

        return (buffer[..Math.Min(length, BodyLimit)], broken || length > BodyLimit);
    }

    private static string Headers(HttpResponseMessage response)
    {
        var kept = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var left = HeadersLimit;
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            var value = string.Join(", ", values);
            left -= name.Length + value.Length;
            if (left < 0)
                break;
            kept[name] = value;
        }

        return JsonSerializer.Serialize(kept, WebhooksJson.Default.Headers);
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider clock) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } seconds } => seconds,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => null,
        };
}
