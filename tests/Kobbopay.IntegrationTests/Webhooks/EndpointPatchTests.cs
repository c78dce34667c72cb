using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class EndpointPatchTests(EndpointTests.OneHouse one) : IClassFixture<EndpointTests.OneHouse>
{
    private readonly WebhooksHouse _house = one.House;

    [Theory]
    [InlineData("""{"url":"https://new.example/hooks"}""", "url", "\"https://new.example/hooks\"")]
    [InlineData("""{"events":["payment.*","payment.*"]}""", "events", """["payment.*"]""")]
    [InlineData("""{"description":"New"}""", "description", "\"New\"")]
    [InlineData("""{"description":null}""", "description", "null")]
    [InlineData("""{"ordering":"per_payment"}""", "ordering", "\"per_payment\"")]
    [InlineData("""{"bodySignature":true}""", "bodySignature", "true")]
    [InlineData("""{"rateLimit":1000}""", "rateLimit", "1000")]
    [InlineData("""{"rateLimit":null}""", "rateLimit", "null")]
    [InlineData("""{"headers":{"X-Other":"b"}}""", "headerNames", """["X-Other"]""")]
    [InlineData("""{"headers":{}}""", "headerNames", "[]")]
    [InlineData("""{"headers":null}""", "headerNames", "[]")]
    [InlineData("{}", null, null)]
    [InlineData("""{"url":null,"events":null,"ordering":null,"bodySignature":null}""", null, null)]
    public async Task A_field_can_be_changed_alone_and_what_is_absent_stays(string patch, string? field, string? value)
    {
        var merchant = _house.NewMerchant();
        var created = await FullAsync(merchant);
        var expected = JsonNode.Parse((await merchant.GetAsync(created.Location!)).Body.GetRawText())!;
        if (field is not null)
            expected[field] = JsonNode.Parse(value!);

        var answer = await PatchAsync(merchant, created.Location!, patch);

        answer.Status.Should().Be(200, answer.Body.ToString());
        answer.Body.GetRawText().Should().Be(expected.ToJsonString());
        (await merchant.GetAsync(created.Location!)).Body.GetRawText().Should().Be(expected.ToJsonString());
    }

    [Fact]
    public async Task A_created_endpoint_shows_its_rate_and_the_names_of_its_headers_and_never_their_values()
    {
        var merchant = _house.NewMerchant();
        var created = await FullAsync(merchant);

        created.Body.GetProperty("rateLimit").GetInt32().Should().Be(5);
        created.Body.GetProperty("headerNames").GetRawText().Should().Be("""["Authorization","X-Shop"]""");
        created.Body.GetProperty("secretRotation").ValueKind.Should().Be(JsonValueKind.Null);
        created.Body.GetRawText().Should().NotContain("s3cr3t-token");
        var everything = await _house.QueryAsync<string>(
            """
            select (select string_agg(e::text, '') from webhook_endpoints e)
              || (select string_agg(s::text, '') from webhook_secrets s)
            """);
        everything.Should().Contain(UuidOf(created).ToString()).And.Contain("X-Shop")
            .And.NotContain("s3cr3t-token")
            .And.NotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes("s3cr3t-token")));
    }

    [Fact]
    public async Task An_endpoint_without_the_new_fields_has_no_limit_and_no_headers()
    {
        var created = await _house.NewMerchant().EndpointAsync(new Uri("https://shop.example/"));

        created.Body.GetProperty("rateLimit").ValueKind.Should().Be(JsonValueKind.Null);
        created.Body.GetProperty("headerNames").GetArrayLength().Should().Be(0);
        (await _house.QueryAsync<bool>(
            $"select headers_sealed is null from webhook_secrets where endpoint_id = '{UuidOf(created)}'"))
            .Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"url":"shop.example"}""", "/url", "invalid_format")]
    [InlineData("""{"url":"https://shop.example:22/"}""", "/url", "port_not_allowed")]
    [InlineData("""{"events":[]}""", "/events", "too_short")]
    [InlineData("""{"events":["payment.payed"]}""", "/events/0", "unknown_event")]
    [InlineData("""{"description":"a\n"}""", "/description", "invalid_format")]
    [InlineData("""{"ordering":"fifo"}""", "/ordering", "unknown_value")]
    [InlineData("""{"bodySignature":"no"}""", "/bodySignature", "wrong_type")]
    [InlineData("""{"rateLimit":0}""", "/rateLimit", "out_of_range")]
    [InlineData("""{"rateLimit":1001}""", "/rateLimit", "out_of_range")]
    [InlineData("""{"rateLimit":1.5}""", "/rateLimit", "wrong_type")]
    [InlineData("""{"rateLimit":"10"}""", "/rateLimit", "wrong_type")]
    [InlineData("""{"headers":["X-Shop"]}""", "/headers", "wrong_type")]
    [InlineData("""{"headers":{"X-Shop":1}}""", "/headers/X-Shop", "wrong_type")]
    [InlineData("""{"headers":{"X-Shop":null}}""", "/headers/X-Shop", "required")]
    [InlineData("""{"headers":{"X-Shop":"a\r\nb"}}""", "/headers/X-Shop", "invalid_format")]
    [InlineData("""{"headers":{"X-Kobbopay-Event-Id":"a"}}""", "/headers/X-Kobbopay-Event-Id", "header_not_allowed")]
    [InlineData("""{"headers":{"Host":"a"}}""", "/headers/Host", "header_not_allowed")]
    [InlineData("""{"headers":{"X-Shop":"a","x-shop":"b"}}""", "/headers/x-shop", "duplicate_field")]
    [InlineData("""{"headers":{"X-Shop":"a","X-Shop":"b"}}""", "/headers/X-Shop", "duplicate_field")]
    [InlineData("""{"status":"enabled"}""", "/status", "unknown_field")]
    [InlineData("""{"secret":"mine"}""", "/secret", "unknown_field")]
    [InlineData("""{"setsHeaders":true}""", "/setsHeaders", "unknown_field")]
    public async Task Bad_input_is_refused_by_name_and_leaves_no_trace(string patch, string pointer, string code)
    {
        var merchant = _house.NewMerchant();
        var created = await FullAsync(merchant);
        var before = await RowsAsync(created);

        var answer = await PatchAsync(merchant, created.Location!, patch);

        answer.Status.Should().Be(422);
        answer.Text("code").Should().Be("invalid_request");
        var error = answer.Body.GetProperty("errors").EnumerateArray().Should().ContainSingle().Subject;
        error.GetProperty("pointer").GetString().Should().Be(pointer);
        error.GetProperty("code").GetString().Should().Be(code);
        (await RowsAsync(created)).Should().Be(before);
    }

    [Fact]
    public async Task The_rules_are_those_of_creating_and_every_wrong_field_is_named_at_once()
    {
        const string Wrong = """{"url":"x","events":[],"ordering":"y","rateLimit":0,"headers":{"Host":"a"}}""";
        string[] pointers = ["/url", "/events", "/ordering", "/rateLimit", "/headers/Host"];
        var merchant = _house.NewMerchant();
        var created = await FullAsync(merchant);

        Pointers(await PatchAsync(merchant, created.Location!, Wrong)).Should().Equal(pointers);
        Pointers(await SendAsync(merchant, HttpMethod.Post, "/v1/webhook-endpoints", Wrong)).Should().Equal(pointers);

        var live = _house.NewMerchant("live");
        var liveOne = await live.EndpointAsync(new Uri("https://shop.example/"));
        (await PatchAsync(live, liveOne.Location!, """{"url":"http://shop.example"}"""))
            .Body.GetProperty("errors")[0].GetProperty("code").GetString().Should().Be("scheme_not_allowed");
    }

    [Theory]
    [InlineData("PATCH", "", """{"description":"Mine"}""")]
    [InlineData("POST", "/enable", null)]
    [InlineData("POST", "/rotate-secret", null)]
    [InlineData("POST", "/rotate-secret/complete", null)]
    public async Task A_route_works_for_its_owner_alone_in_its_environment_and_with_its_scope(
        string method, string suffix, string? body)
    {
        var owner = _house.NewMerchant();
        var created = await FullAsync(owner);
        await owner.PostAsync($"{created.Location}/rotate-secret");
        await _house.QueryAsync<Guid>(
            $"""
            update webhook_endpoints set status = 'disabled', disabled_reason = 'gone', disabled_at = now()
            where id = '{UuidOf(created)}' returning id
            """);
        var before = await RowsAsync(created);
        var verb = new HttpMethod(method);
        TestMerchant[] strangers =
        [
            _house.NewMerchant(),
            owner with { Identity = owner.Identity with { Environment = "live" } },
        ];

        foreach (var stranger in strangers)
        {
            var nobodys = $"/v1/webhook-endpoints/{Id.Format(Id.WebhookEndpoint, Guid.AllBitsSet)}";
            var unknown = await SendAsync(stranger, verb, nobodys + suffix, body);
            var theirs = await SendAsync(stranger, verb, created.Location + suffix, body);
            theirs.Status.Should().Be(404);
            theirs.Text("code").Should().Be("not_found");
            theirs.Text("detail").Should().Be(unknown.Text("detail"));
        }

        var reader = owner with { Identity = owner.Identity with { Scopes = [Scopes.WebhooksRead] } };
        (await SendAsync(reader, verb, created.Location + suffix, body)).Text("code").Should().Be("insufficient_scope");
        (await _house.SendAsync(null, verb, created.Location + suffix, null)).Status.Should().Be(401);
        (await SendAsync(owner, verb, "/v1/webhook-endpoints/whe_x" + suffix, body)).Status.Should().Be(404);
        (await SendAsync(owner, verb, created.Location + suffix, """{"x":1}""")).Text("detail")
            .Should().Be("/x: This field is not known.");
        (await SendAsync(owner, verb, created.Location + suffix, "{")).Text("code").Should().Be("invalid_json");
        (await RowsAsync(created)).Should().Be(before);

        await owner.DeleteAsync(created.Location!);
        (await SendAsync(owner, verb, created.Location + suffix, body)).Status.Should().Be(404);
    }

    [Fact]
    public async Task What_is_changed_counts_from_the_next_delivery_on()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var merchant = _house.NewMerchant();
        var created = await merchant.PostEndpointAsync(new
        {
            url = receiver.Url,
            events = new[] { "*" },
            headers = new Dictionary<string, string> { ["Authorization"] = "Bearer one", ["X-Shop"] = "a, b" },
        });
        await merchant.PublishAsync();
        await receiver.ReceiveAsync(1);

        await merchant.PatchAsync(created.Location!, new
        {
            url = new Uri(receiver.Url, "/new"),
            events = new[] { "payment.paid" },
            headers = new Dictionary<string, string> { ["Authorization"] = "Bearer two" },
        });
        await merchant.PublishAsync(merchant.Event("payment.created"));
        await merchant.PublishAsync(merchant.Event("payment.paid"));

        var requests = await receiver.ReceiveAsync(2);
        requests[0].Headers["Authorization"].Should().Be("Bearer one");
        requests[0].Headers["X-Shop"].Should().Be("a, b");
        (requests[1].Path, requests[1].Type).Should().Be(("/new", "payment.paid"));
        requests[1].Headers["Authorization"].Should().Be("Bearer two");
        requests[1].Headers.Should().NotContainKey("X-Shop");
    }

    internal static Guid UuidOf(Answer created) =>
        Id.TryParse(Id.WebhookEndpoint, created.Text("id"), out var id) ? id : Guid.Empty;

    private static IEnumerable<string?> Pointers(Answer answer) =>
        answer.Body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString());

    /// <summary>An endpoint with a value in every field.</summary>
    private static async Task<Answer> FullAsync(TestMerchant merchant)
    {
        var created = await merchant.PostEndpointAsync(new
        {
            url = "https://shop.example/hooks",
            events = new[] { "payment.paid" },
            description = "Shop",
            bodySignature = false,
            rateLimit = 5,
            headers = new Dictionary<string, string> { ["Authorization"] = "Bearer s3cr3t-token", ["X-Shop"] = "a" },
        });
        created.Status.Should().Be(201, created.Body.ToString());
        return created;
    }

    private Task<Answer> PatchAsync(TestMerchant merchant, string target, string body) =>
        SendAsync(merchant, HttpMethod.Patch, target, body);

    private Task<Answer> SendAsync(TestMerchant merchant, HttpMethod method, string target, string? body) =>
        _house.SendAsync(
            merchant.Identity, method, target,
            body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    /// <summary>All that is stored of an endpoint.</summary>
    private Task<string> RowsAsync(Answer created) => _house.QueryAsync<string>(
        $"""
        select e::text || s::text from webhook_endpoints e join webhook_secrets s on s.endpoint_id = e.id
        where e.id = '{UuidOf(created)}'
        """);
}
