using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.Client;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>The demo merchant's backend: what it asks of the public API, and what its endpoint has received.</summary>
internal sealed class Shop(KobbopayFixture system) : IDisposable
{
    /// <summary>The three events of a payment that goes well.</summary>
    public static readonly string[] Story = ["payment.created", "payment.paid", "payment.confirmed"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = system.Kobbopay.Merchant();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The published request; every call of one test carries the same trace.</summary>
    public Task<JsonNode> CreateAsync(string order, string? traceParent = null, string? scenario = null) => PostAsync(
        "/v1/payments",
        $$"""
        {"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "{{order}}"
        {{(scenario is null ? string.Empty : $", \"scenario\": \"{scenario}\"")}}}
        """,
        traceParent);

    public Task<JsonNode> PayAsync(string paymentId, string? traceParent = null) =>
        PostAsync($"/v1/sandbox/payments/{paymentId}/pay", null, traceParent);

    public Task<JsonNode> MineAsync(int blocks, string? traceParent = null) =>
        PostAsync("/v1/sandbox/networks/example-network/mine", $$"""{"blocks": {{blocks}}}""", traceParent);

    public async Task<JsonNode> GetAsync(string path) =>
        (await _http.GetFromJsonAsync<JsonNode>(new Uri(path, UriKind.Relative), Token))!;

    /// <summary>Waits until the payment has one of these statuses.</summary>
    public Task<JsonNode> SeeAsync(string paymentId, params string[] statuses) => Eventually.GetAsync(
        () => GetAsync($"/v1/payments/{paymentId}"),
        payment => statuses.Contains((string?)payment["status"]),
        Patience);

    /// <summary>
    /// Waits for the whole story of a payment at the receiver, and checks the signatures of each request.
    /// </summary>
    public async Task<IReadOnlyList<ReceivedWebhook>> ReceiveStoryAsync(string paymentId, string[]? story = null)
    {
        var received = await Eventually.SeeAsync(
            () => Of(paymentId),
            requests => (story ?? Story).All(type => requests.Any(r => r.Type == type)),
            Patience,
            "the whole story");
        received.Should().OnlyContain(request => Verifies(request));
        return received;
    }

    public IReadOnlyList<ReceivedWebhook> Of(string paymentId) =>
        [.. system.Receiver.Requests.Where(r => (string?)r.Json.GetProperty("payment_id").GetString() == paymentId)];

    /// <summary>Each of a payment's deliveries with its attempts, as the API tells them.</summary>
    public async Task<IReadOnlyList<(JsonNode Delivery, JsonArray Attempts)>> DeliveriesAsync(string paymentId)
    {
        var list = await Eventually.GetAsync(
            () => GetAsync($"/v1/webhook-deliveries?payment_id={paymentId}"),
            deliveries => deliveries["data"]!.AsArray().All(d => (string?)d!["status"] == "succeeded"),
            Patience);
        var found = new List<(JsonNode, JsonArray)>();
        foreach (var delivery in list["data"]!.AsArray())
        {
            var attempts = await GetAsync($"/v1/webhook-deliveries/{(string)delivery!["id"]!}/attempts");
            found.Add((delivery, attempts["data"]!.AsArray()));
        }

        return found;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>All three published signatures, each alone.</summary>
    private bool Verifies(ReceivedWebhook request)
    {
        string? Header(string name) => request.Headers.GetValueOrDefault(name);
        string? Only(string name, params string[] kept) =>
            kept.Contains(name, StringComparer.OrdinalIgnoreCase) ? Header(name) : null;
        string[] secrets = [system.Kobbopay.WebhookSecret];
        var now = TimeProvider.System.GetUtcNow();
        return WebhookSignature.Verify(
                name => Only(name, "webhook-id", "webhook-timestamp", "webhook-signature"),
                request.Body,
                secrets,
                now).IsValid
            && WebhookSignature.Verify(
                name => Only(name, "X-Kobbopay-Timestamp", "X-Kobbopay-Signature"), request.Body, secrets, now).IsValid
            && WebhookSignature.Verify(
                name => Only(name, "X-Signature"), request.Body, secrets, now, WebhookSchemes.BodyOnly).IsValid;
    }

    private async Task<JsonNode> PostAsync(string path, string? json, string? traceParent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (traceParent is not null)
            request.Headers.Add("traceparent", traceParent);
        using var response = await _http.SendAsync(request, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        response.IsSuccessStatusCode.Should().BeTrue(body);
        return JsonNode.Parse(body)!;
    }
}
