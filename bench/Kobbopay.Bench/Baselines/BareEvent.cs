using System.Text;
using Kobbopay.Client;

namespace Kobbopay.Bench.Baselines;

/// <summary>An event of a usual size (1.2 KB) and the signed request that carries it.</summary>
internal static class BareEvent
{
    private static readonly string Filler = new('x', 1100);

    public static string NewId() => $"evt_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";

    public static byte[] Body(string id) => Encoding.UTF8.GetBytes(
        $$"""{ "id": "{{id}}", "type": "payment.created", "data": { "filler": "{{Filler}}" } }""");

    /// <summary>One signed POST; fails unless it is answered 2xx.</summary>
    public static async Task PostAsync(
        HttpClient http, Uri target, string secret, string id, byte[] body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        foreach (var (name, value) in WebhookSignature.Sign(id, TimeProvider.System.GetUtcNow(), body, secret))
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request, cancellation);
        response.EnsureSuccessStatusCode();
    }
}
