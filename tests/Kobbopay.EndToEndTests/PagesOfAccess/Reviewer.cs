using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.EndToEndTests.AppHost;

namespace Kobbopay.EndToEndTests.PagesOfAccess;

/// <summary>The operator who decides about access requests.</summary>
internal sealed class Reviewer(RunningKobbopay kobbopay) : IDisposable
{
    private readonly HttpClient _http = kobbopay.Operator();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The link and the code that the merchant gets, by two different ways.</summary>
    public async Task<(string Link, string Code)> ApproveAsync(string request, string network = "example-network")
    {
        var approved = await PostAsync(request, "approve", $$"""
            {"displayName": "Shoe Shop", "environments": [{"environment": "test", "rails": [
              {"network": "{{network}}", "currency": "USDT", "confirmations": 2}]}]}
            """);
        var claim = approved["claims"]!.AsArray().Should().ContainSingle().Subject!;
        return ((string)claim["url"]!, (string)claim["code"]!);
    }

    public Task DeferAsync(string request, string reason) => DecideAsync(request, "defer", reason);

    public Task DeclineAsync(string request, string reason) => DecideAsync(request, "decline", reason);

    public void Dispose() => _http.Dispose();

    private Task<JsonNode> DecideAsync(string request, string verb, string reason) =>
        PostAsync(request, verb, new JsonObject { ["reason"] = reason }.ToJsonString());

    private async Task<JsonNode> PostAsync(string request, string verb, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(
            new Uri($"/v1/operator/access-requests/{request}/{verb}", UriKind.Relative), content, Token);
        answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!;
    }
}
