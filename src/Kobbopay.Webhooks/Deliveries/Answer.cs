using System.Buffers;
using System.Text.Json;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Reads as much of an endpoint's answer as is kept for the merchant: its status, its headers without what
/// may be a credential, its first 16 KiB.</summary>
internal static class Answer
{
    private const int BodyLimit = 16 * 1024;
    private const int HeadersLimit = 8 * 1024;
    private const string Redacted = "[redacted]";

    /// <summary>A header with one of these in its name may carry a credential, <c>Set-Cookie</c> and
    /// <c>WWW-Authenticate</c> among them.</summary>
    private static readonly SearchValues<string> Sensitive = SearchValues.Create(
        ["auth", "cookie", "credential", "key", "passw", "proxy-", "secret", "session", "token"],
        StringComparison.OrdinalIgnoreCase);

    public static async Task<Attempt> ReadAsync(
        HttpResponseMessage response, DateTimeOffset startedAt, TimeProvider clock, CancellationToken deadline)
    {
        var status = (int)response.StatusCode;
        var (body, truncated) = await BodyAsync(response, deadline);
        return new Attempt(
            startedAt, TimeSpan.Zero, status, ErrorKinds.Of(status), Headers(response), body, truncated,
            RetryAfter(response, clock),
            response.Headers.TryGetValues("webhook-delivery", out var asks)
                && asks.Contains("disable", StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The status has decided already: a body that breaks off or does not end is only cut.</summary>
    private static async Task<(byte[] Body, bool Truncated)> BodyAsync(
        HttpResponseMessage response, CancellationToken deadline)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BodyLimit + 1);
        try
        {
            var length = 0;
            var broken = false;
            try
            {
                await using var stream = await response.Content.ReadAsStreamAsync(deadline);
                int count;
                // By hand: what came before the end or the break is kept.
                while (length <= BodyLimit
                    && (count = await stream.ReadAsync(buffer.AsMemory(length, BodyLimit + 1 - length), deadline)) > 0)
                    length += count;
            }
            catch (Exception failure)
                when (failure is HttpRequestException or OperationCanceledException or IOException)
            {
                broken = true;
            }

            return (buffer[..Math.Min(length, BodyLimit)], broken || length > BodyLimit);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string Headers(HttpResponseMessage response)
    {
        var kept = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var left = HeadersLimit;
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            var value = name.AsSpan().ContainsAny(Sensitive) ? Redacted : string.Join(", ", values);
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
