using System.Text.Json.Nodes;
using Kobbopay.IntegrationTests.PaymentsApi;

namespace Kobbopay.IntegrationTests.Merchants;

/// <summary>
/// Payments, where companies ask for access and operators answer; a test class's tests have one each.
/// </summary>
public abstract class MerchantsHouse : IAsyncLifetime
{
    protected const string Application = """
        {"company":"Shop Ltd","website":"shop.example.com","contactEmail":"ann@shop.example.com",
         "useCase":"We sell shoes to the whole of Europe.","integrationType":"own backend","volume":"100 a month",
         "rails":["USDT on Polygon"],"markets":["DE","FR"],"technicalContact":"Bob"}
        """;

    protected const string TestAndLive = """
        {"displayName":"Shop","environments":[
          {"environment":"test","rails":[{"network":"example-network","currency":"USDT","confirmations":5}]}]}
        """;

    protected PaymentsHost Host { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() => Host = await PaymentsHost.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<ApiAnswer> PostAsync(string path, string json = "{}") =>
        Host.OperateAsync(HttpMethod.Post, path, json);

    private protected async Task<JsonNode> ReadAsync(string path) =>
        (await Host.OperateAsync(HttpMethod.Get, path)).Json;

    /// <summary>The same JSON without white space, to compare whole answers with.</summary>
    protected static string OneLine(string json) => JsonNode.Parse(json)!.ToJsonString();

    /// <summary>Sends an application; gives its id and the token of its status page.</summary>
    private protected async Task<(string Id, string Token)> ApplyAsync(string json = Application)
    {
        var answer = await Host.SendPublicAsync(HttpMethod.Post, "/v1/access-requests", json);
        answer.Status.Should().Be(201, answer.Body);
        return ((string)answer.Json["id"]!, ((string)answer.Json["statusUrl"]!).Split('/')[^1]);
    }

    /// <summary>Approves an application for test; gives the merchant and what opens its claim.</summary>
    private protected async Task<(string Merchant, string Token, string Code)> ApproveAsync(string terms = TestAndLive)
    {
        var (id, _) = await ApplyAsync();
        var answer = await PostAsync($"/v1/operator/access-requests/{id}/approve", terms);
        answer.Status.Should().Be(201, answer.Body);
        var (token, code) = Opening(answer.Json["claims"]![0]!);
        return ((string)answer.Json["merchantId"]!, token, code);
    }

    private protected static (string Token, string Code) Opening(JsonNode link) =>
        (((string)link["url"]!).Split('#')[1], (string)link["code"]!);

    private protected Task<ApiAnswer> ClaimAsync(string token, string code) =>
        Host.SendPublicAsync(HttpMethod.Post, "/v1/claims", $$"""{"token":"{{token}}","code":"{{code}}"}""");

    /// <summary>The actions of the audit log, in their order.</summary>
    private protected async Task<List<string>> ActionsAsync() =>
    [
        .. (await ReadAsync("/v1/operator/audit-log"))["data"]!.AsArray()
            .Select(line => (string)line!["entry"]!["action"]!),
    ];
}
