using System.Net.Http.Headers;
using System.Text;
using Kobbopay.Client;

namespace Kobbopay.Bench.Hangfire;

/// <summary>The job: the same body and signature as the product's deliveries.</summary>
public static class Webhook
{
    private static readonly Uri Target = new(Environment.GetEnvironmentVariable("PEER_TARGET")!);
    private static readonly string Secret = Environment.GetEnvironmentVariable("PEER_SECRET")!;
    private static readonly string Filler = new('x', 1100);

    private static readonly HttpMessageInvoker Http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
    });

    public static string NewId() => $"evt_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}";

    public static string Body(string id) => $$"""{"id":"{{id}}","type":"payment.created","filler":"{{Filler}}"}""";

    public static async Task PostAsync(string id, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, Target) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in WebhookSignature.Sign(id, TimeProvider.System.GetUtcNow(), bytes, Secret))
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Http.SendAsync(request, CancellationToken.None);
        answer.EnsureSuccessStatusCode();
    }
}
