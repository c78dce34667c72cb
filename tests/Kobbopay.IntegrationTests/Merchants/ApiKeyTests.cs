using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class ApiKeyTests : MerchantsHouse
{
    private const string Route = "/v1/api-keys";

    [Fact]
    public async Task A_key_is_shown_once_and_listed_without_itself()
    {
        var answer = await CreateAsync(
            """
            {"label":"Shop","scopes":["payments:write","payments:read"],"allowedIps":["192.0.2.0/24","2001:DB8::1"]}
            """);

        answer.Status.Should().Be(201);
        var key = (string)answer.Json["key"]!;
        ApiKey.IsWellFormed(key, out var environment).Should().BeTrue();
        environment.Should().Be("test");
        answer.Headers["Location"].Should().Be($"{Route}/{answer.Json["id"]}");
        (await Host.LookUpAsync(key)).Should().BeEquivalentTo(new
        {
            Host.Merchant.MerchantId,
            Environment = "test",
            Scopes = new[] { "payments:read", "payments:write" },
            Version = 1,
            AllowedIps = new[] { "192.0.2.0/24", "2001:db8::1" },
            RequestsPerSecond = (int?)null,
        });

        var listed = (await ListAsync()).Single()!;
        listed.ToJsonString().Should().NotContain(key).And.NotContain("secretAlreadyShown");
        ((string)listed["last4"]!, (string)listed["prefix"]!, (string)listed["status"]!)
            .Should().Be((key[^4..], "kp_test_", "active"));
        (await Host.SendAsync(HttpMethod.Get, $"{Route}/{answer.Json["id"]}")).Json.ToJsonString()
            .Should().Be(listed.ToJsonString());
    }

    [Theory]
    [InlineData("{}", "/label")]
    [InlineData("""{"label":" ","scopes":["payments:read"]}""", "/label")]
    [InlineData("""{"label":"x"}""", "/scopes")]
    [InlineData("""{"label":"x","scopes":[]}""", "/scopes")]
    [InlineData("""{"label":"x","scopes":["payments:*"]}""", "/scopes/0")]
    [InlineData("""{"label":"x","scopes":["payments:read",null]}""", "/scopes/1")]
    [InlineData("""{"label":"x","scopes":["suspended"]}""", "/scopes/0")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"expiresAt":"2020-01-01T00:00:00Z"}""", "/expiresAt")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"expiresAt":"tomorrow"}""", "/expiresAt")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"allowedIps":[]}""", "/allowedIps")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"allowedIps":["10.1"]}""", "/allowedIps/0")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"allowedIps":["10.0.0.1/8"]}""", "/allowedIps/0")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"allowedIps":["fe80::1%eth0"]}""", "/allowedIps/0")]
    [InlineData("""{"label":"x","scopes":["payments:read"],"merchantId":"mer_1"}""", "/merchantId")]
    public async Task What_is_wrong_is_named_and_makes_no_key(string json, string pointer)
    {
        var answer = await CreateAsync(json);

        (answer.Status, answer.Code, answer.Pointer).Should().Be((422, "invalid_request", pointer));
        (await Host.CountAsync("api_keys")).Should().Be(0);
    }

    [Fact]
    public async Task A_key_gives_no_scope_that_it_lacks_and_live_has_no_sandbox()
    {
        var lesser = Host.Merchant with { Scopes = [Scopes.KeysWrite, Scopes.PaymentsRead] };
        var live = Host.Merchant with { Environment = MerchantEnvironments.Live };

        (await CreateAsync("""{"label":"x","scopes":["payments:read","payments:write"]}""", lesser))
            .Pointer.Should().Be("/scopes/1");
        (await CreateAsync("""{"label":"x","scopes":["sandbox"]}""", live)).Pointer.Should().Be("/scopes/0");
        var all = await CreateAsync("""{"label":"all","scopes":["payments:read","payments:write"]}""");
        (await RollAsync((string)all.Json["id"]!, "{}", lesser)).Code.Should().Be("insufficient_scope");
    }

    [Fact]
    public async Task A_repeated_creation_makes_one_key_and_does_not_show_it_again()
    {
        const string body = """{"label":"x","scopes":["payments:read"]}""";
        var first = await Host.SendAsync(HttpMethod.Post, Route, body, idempotencyKey: "once");
        var again = await Host.SendAsync(HttpMethod.Post, Route, body, idempotencyKey: "once");

        (again.Status, again.Headers["Idempotency-Replayed"]).Should().Be((201, "true"));
        again.Json["key"].Should().BeNull();
        ((bool)again.Json["secretAlreadyShown"]!).Should().BeTrue();
        again.Json["id"]!.ToString().Should().Be(first.Json["id"]!.ToString());
        (await Host.CountAsync("api_keys")).Should().Be(1);
        (await ActionsAsync()).Should().Equal("api_key.created");
    }

    [Fact]
    public async Task A_rolled_key_works_until_the_overlap_ends_and_the_new_one_has_the_same_rights()
    {
        var old = (await CreateAsync("""{"label":"x","scopes":["payments:read"],"allowedIps":["192.0.2.1"]}""")).Json;
        var id = (string)old["id"]!;

        var rolled = await RollAsync(id, """{"overlapSeconds":3600}""");

        rolled.Status.Should().Be(201);
        var before = (await Host.LookUpAsync((string)old["key"]!))!;
        var after = (await Host.LookUpAsync((string)rolled.Json["key"]!))!;
        before.Version.Should().Be(2);
        before.ExpiresAt.Should().BeCloseTo(TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.FromMinutes(1));
        after.ExpiresAt.Should().BeNull();
        (after.Scopes.Single(), after.AllowedIps!.Single()).Should().Be(("payments:read", "192.0.2.1"));
        ((string)(await FindAsync(id))["replacedBy"]!).Should().Be((string)rolled.Json["id"]!);

        (await RollAsync(id, "{}")).Code.Should().Be("rotation_in_progress");
        (await RollAsync(id, """{"overlapSeconds":0}""")).Status.Should().Be(201);
        (await Host.LookUpAsync((string)old["key"]!)).Should().BeNull();
        (await RollAsync(id, "{}")).Code.Should().Be("not_found");
        (await RollAsync(id, """{"overlapSeconds":700000}""")).Pointer.Should().Be("/overlapSeconds");
    }

    [Fact]
    public async Task A_revoked_key_is_unknown_from_then_on_and_revoking_it_again_is_no_error()
    {
        var key = (await CreateAsync("""{"label":"x","scopes":["payments:read"]}""")).Json;
        var route = $"{Route}/{key["id"]}";

        (await Host.SendAsync(HttpMethod.Delete, route)).Status.Should().Be(204);
        (await Host.SendAsync(HttpMethod.Delete, route)).Status.Should().Be(204);

        (await Host.LookUpAsync((string)key["key"]!)).Should().BeNull();
        ((string)(await FindAsync((string)key["id"]!))["status"]!).Should().Be("revoked");
        (await ActionsAsync()).Should().Equal("api_key.created", "api_key.revoked");
    }

    [Fact]
    public async Task Keys_of_another_merchant_or_environment_do_not_exist()
    {
        var id = (string)(await CreateAsync("""{"label":"x","scopes":["payments:read"]}""")).Json["id"]!;
        foreach (var stranger in new[]
        {
            await Host.AddMerchantAsync(), Host.Merchant with { Environment = MerchantEnvironments.Live },
        })
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
            {
                (await Host.SendAsync(method, $"{Route}/{id}", merchant: stranger)).Code.Should().Be("not_found");
            }

            (await RollAsync(id, "{}", stranger)).Code.Should().Be("not_found");
            (await Host.SendAsync(HttpMethod.Get, Route, merchant: stranger)).Json["data"]!.AsArray()
                .Should().BeEmpty();
        }

        ((string)(await FindAsync(id))["status"]!).Should().Be("active");
    }

    [Fact]
    public async Task A_merchant_has_so_many_active_keys_and_no_more_even_at_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 104).Select(i =>
            CreateAsync($$"""{"label":"k{{i}}","scopes":["payments:read"]}""")));

        answers.Count(answer => answer.Status == 201).Should().Be(100);
        answers.Where(answer => answer.Status != 201).Should().OnlyContain(answer => answer.Code == "invalid_request");
    }

    private Task<ApiAnswer> CreateAsync(string json, MerchantIdentity? merchant = null) =>
        Host.SendAsync(HttpMethod.Post, Route, json, merchant);

    private Task<ApiAnswer> RollAsync(string id, string json, MerchantIdentity? merchant = null) =>
        Host.SendAsync(HttpMethod.Post, $"{Route}/{id}/roll", json, merchant);

    private async Task<JsonArray> ListAsync() =>
        (await Host.SendAsync(HttpMethod.Get, Route)).Json["data"]!.AsArray();

    private async Task<JsonNode> FindAsync(string id) => (await Host.SendAsync(HttpMethod.Get, $"{Route}/{id}")).Json;
}
