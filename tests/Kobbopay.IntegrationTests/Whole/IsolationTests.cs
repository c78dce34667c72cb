using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Whole;

/// <summary>
/// Every route of the merged API description, asked for a merchant's things by everybody who may not: cases are made of
/// the description itself, and a route whose parameters this class knows nothing of fails it.
/// </summary>
public sealed class IsolationTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>
{
    /// <summary>Routes for anybody. A new one belongs here once somebody has thought of what it gives away.</summary>
    private static readonly string[] Public =
    [
        "submitAccessRequest", "getOwnAccessRequest", "previewClaim", "claimMaterials", "getPublicPayment",
        "getPaymentPage", "streamPublicPayment",
    ];

    private static string Since { get; } =
        $$"""{"since":"{{TimeProvider.System.GetUtcNow().AddMinutes(-5):yyyy-MM-ddTHH:mm:ssZ}}"}""";

    /// <summary>Bodies that would do something, were the key the right one.</summary>
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["resolvePayment"] = """{"action":"accept","reason":"x"}""",
        ["closeException"] = """{"reason":"x"}""",
        ["recoverWebhooks"] = Since,
        ["replayMissingWebhooks"] = Since,
        ["updateWebhookEndpoint"] = """{"description":"changed"}""",
        ["mineSandboxBlocks"] = """{"blocks":1}""",
        ["reorganizeSandboxChain"] = """{"depth":1}""",
        ["setSandboxProvider"] = """{"mode":"ok"}""",
        ["advanceSandboxClock"] = """{"seconds":1}""",
        ["createPayment"] =
            """{"amount":"1","currency":"USDT","network":"example-network","orderId":"stranger"}""",
        ["createApiKey"] = """{"label":"stranger","scopes":["payments:read"]}""",
        ["createWebhookEndpoint"] = """{"url":"https://stranger.example/hooks","events":["*"]}""",
    };

    [Fact]
    public async Task Nobody_reaches_what_is_not_theirs_by_any_route()
    {
        var operations = await system.OperationsAsync();
        var owner = await system.AddMerchantAsync();
        var owned = await FurnishAsync(owner);
        var stranger = await system.AddMerchantAsync();
        var expired = await KeyAsync(owner, Scopes.All, "expired");
        var revoked = await KeyAsync(owner, Scopes.All, "revoked");
        var before = await SnapshotAsync(operations, owner, owned);

        foreach (var operation in operations.Where(operation => operation.Scheme == "apiKey"))
        {
            await RefusedAsync(operation, owned, key: null, "authentication_required");
            await RefusedAsync(operation, owned, expired, "invalid_api_key");
            await RefusedAsync(operation, owned, revoked, "invalid_api_key");
            await RefusedAsync(
                operation, owned, await KeyAsync(owner, Scopes.All.Where(scope => scope != operation.Scope), "active"),
                "insufficient_scope");
            await RefusedAsync(
                operation, owned, await KeyAsync(owner, Scopes.All, "active", ApiKey.Create("test") + "x"),
                "invalid_api_key");
            await ForeignAsync(operation, owned, stranger.TestKey);
            await ForeignAsync(operation, owned, owner.LiveKey);
        }

        var after = await SnapshotAsync(operations, owner, owned);
        after.Should().Equal(before, "nobody has changed anything of the owner's");
    }

    [Fact]
    public async Task Operators_routes_take_no_merchants_key_and_no_wrong_one()
    {
        var operations = (await system.OperationsAsync())
            .Where(operation => operation.Scheme == "operatorKey").ToList();
        operations.Should().NotBeEmpty();
        var merchant = await system.AddMerchantAsync();
        var owned = new Dictionary<string, string>
        {
            ["requestId"] = Id.Format(Id.AccessRequest, merchant.Id),
            ["merchantId"] = Id.Format(Id.Merchant, merchant.Id),
            ["environment"] = "test",
        };
        foreach (var operation in operations)
        {
            operation.Path.Should().StartWith("/v1/operator/");
            await RefusedAsync(operation, owned, key: null, "authentication_required");
            await RefusedAsync(operation, owned, merchant.TestKey, "authentication_required");
            using var wrong = Request(operation, owned);
            wrong.Headers.Add("x-operator-key", WholeKobbopay.OperatorKey + "x");
            (await system.SendAsync(wrong)).Code.Should().Be("invalid_api_key", "of {0}", operation);
        }
    }

    [Fact]
    public async Task Every_other_route_is_known_to_be_for_anybody()
    {
        var others = (await system.OperationsAsync()).Where(operation => operation.Scheme is null);

        others.Select(operation => operation.Id).Should().BeSubsetOf(Public);
    }

    /// <summary>One of each thing that has an id, made through the API as a merchant would.</summary>
    private async Task<Dictionary<string, string>> FurnishAsync(WholeMerchant owner)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var key = owner.TestKey;
        var endpoint = await PostAsync(
            key, "/v1/webhook-endpoints", $$"""{"url":"{{receiver.Url}}","events":["*"]}""");
        var payment = await PostAsync(
            key, "/v1/payments",
            """{"amount":"10","currency":"USDT","network":"example-network","orderId":"owner-1"}""");
        await PostAsync(
            key, "/v1/payments",
            """
            {"amount":"10","currency":"USDT","network":"example-network","orderId":"owner-2",
             "scenario":"deep_reorg_after_confirmed"}
            """);
        var exception = await Eventually.GetAsync(() => FirstAsync(key, "/v1/exceptions"), found => found is not null);
        var made = await PostAsync(key, "/v1/api-keys", """{"label":"owner's","scopes":["payments:read"]}""");
        await receiver.ReceiveAsync(1);
        var delivery = await Eventually.GetAsync(
            () => FirstAsync(key, "/v1/webhook-deliveries"), found => (string?)found?["status"] == "succeeded");
        var events = (await GetAsync(key, "/v1/events"))["data"]![0]!;
        var certification = await PostAsync(key, "/v1/certification", "{}");
        var replay = await PostAsync(
            key, $"/v1/webhook-endpoints/{endpoint["id"]}/recover", Since);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["paymentId"] = (string)payment["payment_id"]!,
            ["eventId"] = (string)events["id"]!,
            ["keyId"] = (string)made["id"]!,
            ["exceptionId"] = (string)exception!["id"]!,
            ["/v1/webhook-endpoints"] = (string)endpoint["id"]!,
            ["/v1/webhook-deliveries"] = (string)delivery!["id"]!,
            ["/v1/certification"] = (string)certification["id"]!,
            ["replayId"] = (string)replay["id"]!,
            ["network"] = "example-network",
        };
    }

    private async Task<JsonNode?> FirstAsync(string key, string path) =>
        (await GetAsync(key, path))["data"]!.AsArray().FirstOrDefault();

    private async Task<JsonNode> GetAsync(string key, string path) =>
        (await system.SendAsync(HttpMethod.Get, path, key)).Json;

    private async Task<JsonNode> PostAsync(string key, string path, string json)
    {
        var answer = await system.SendAsync(HttpMethod.Post, path, key, json);
        answer.Status.Should().BeInRange(200, 299, answer.Body);
        return answer.Json;
    }

    private async Task<string> KeyAsync(
        WholeMerchant owner, IEnumerable<string> scopes, string state, string? key = null) =>
        key ?? await system.AddKeyAsync(owner.Id, "test", ApiKey.Create("test"), scopes, state);

    private static HttpRequestMessage Request(Operation operation, Dictionary<string, string> owned)
    {
        var request = new HttpRequestMessage(
            new HttpMethod(operation.Method), new Uri(PathOf(operation, owned), UriKind.Relative));
        if (operation.TakesBody)
        {
            request.Content = new StringContent(
                Bodies.GetValueOrDefault(operation.Id, "{}"), System.Text.Encoding.UTF8, "application/json");
        }

        return request;
    }

    /// <summary>The path with the owner's things in it; what is in none of the routes so far is asked for.</summary>
    private static string PathOf(Operation operation, Dictionary<string, string> owned)
    {
        var path = operation.Path;
        foreach (var name in operation.PathParameters)
        {
            // What is only called an id is told apart by what stands before it.
            var place = name == "id"
                ? operation.Path[..operation.Path.IndexOf("/{id}", StringComparison.Ordinal)]
                : name;
            owned.Should().ContainKey(place, "{0} has a parameter that has no case yet", operation);
            path = path.Replace($"{{{name}}}", owned[place], StringComparison.Ordinal);
        }

        return path;
    }

    private async Task RefusedAsync(Operation operation, Dictionary<string, string> owned, string? key, string code)
    {
        using var request = Request(operation, owned);
        if (key is not null)
            request.Headers.Add("x-api-key", key);
        (await system.SendAsync(request)).Code.Should().Be(code, "of {0}", operation);
    }

    /// <summary>
    /// A good key of somebody else, or of the other environment: what is the owner's is not there for it, whatever else
    /// the route does for that key.
    /// </summary>
    private async Task ForeignAsync(Operation operation, Dictionary<string, string> owned, string key)
    {
        using var request = Request(operation, owned);
        request.Headers.Add("x-api-key", key);
        var path = request.RequestUri!.ToString();
        var answer = await system.SendAsync(request);

        var ids = owned.Where(one => one.Key != "network").Select(one => one.Value).ToList();
        if (operation.TestOnly && key.StartsWith("kp_live_", StringComparison.Ordinal))
            answer.Code.Should().Be("wrong_environment", "of {0}", operation);
        else if (ids.Any(id => path.Contains(id, StringComparison.Ordinal)))
            answer.Code.Should().Be("not_found", "of {0}: {1}", operation, answer.Body);
        else
            answer.Status.Should().BeLessThan(500, "of {0}: {1}", operation, answer.Body);
        foreach (var id in ids)
        {
            // Its own path comes back in a problem's instance.
            answer.Body.Replace(path, string.Empty, StringComparison.Ordinal)
                .Should().NotContain(id, "of {0}", operation);
        }
    }

    /// <summary>All that the owner can read, which shows as well that the things are there.</summary>
    private async Task<List<string>> SnapshotAsync(
        IReadOnlyList<Operation> operations, WholeMerchant owner, Dictionary<string, string> owned)
    {
        var snapshot = new List<string>();
        foreach (var operation in operations.Where(one => one is { Method: "GET", Scheme: "apiKey" }))
        {
            var path = PathOf(operation, owned);
            if (operation.Id == "getPaymentsReport")
                path += "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
            var answer = await system.SendAsync(HttpMethod.Get, path, owner.TestKey);
            answer.Status.Should().Be(200, "the owner reads {0}: {1}", operation, answer.Body);
            // The clock goes on, a key's last use is told in between, and keys were added for the test itself.
            if (operation.Id is not ("getSandboxClock" or "listApiKeys" or "getApiKey"))
                snapshot.Add($"{operation} {answer.Body}");
        }

        return snapshot;
    }
}
