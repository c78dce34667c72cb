using System.Text;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class EndpointTests(EndpointTests.OneHouse one) : IClassFixture<EndpointTests.OneHouse>
{
    private readonly WebhooksHouse _house = one.House;

    /// <summary>Merchants do not meet each other, so one house is enough for all tests.</summary>
    public sealed class OneHouse : IAsyncLifetime
    {
        internal WebhooksHouse House { get; private set; } = null!;

        public async ValueTask InitializeAsync() => House = await WebhooksHouse.StartAsync();

        public ValueTask DisposeAsync() => House.DisposeAsync();
    }

    [Fact]
    public async Task A_created_endpoint_shows_its_secret_once_and_can_be_read_listed_and_deleted()
    {
        var merchant = _house.NewMerchant();

        var created = await merchant.PostEndpointAsync(new
        {
            url = "https://shop.example/hooks",
            events = new[] { "payment.paid", "payment.paid", "api_key.*" },
            description = "Shop",
        });

        created.Status.Should().Be(201);
        created.Location.Should().Be($"/v1/webhook-endpoints/{created.Text("id")}");
        created.Text("secret").Should().MatchRegex("^whsec_[A-Za-z0-9+/]{43}=$");
        created.Text("id").Should().StartWith("whe_");
        created.Text("environment").Should().Be("test");
        created.Text("ordering").Should().Be("none");
        created.Text("status").Should().Be("enabled");
        created.Body.GetProperty("bodySignature").GetBoolean().Should().BeTrue();
        created.Body.GetProperty("events").EnumerateArray().Select(e => e.GetString())
            .Should().Equal("payment.paid", "api_key.*");

        var read = await merchant.GetAsync(created.Location!);
        read.Status.Should().Be(200);
        read.Body.TryGetProperty("secret", out _).Should().BeFalse();
        var listed = (await merchant.GetAsync("/v1/webhook-endpoints")).Data;
        listed.Select(one => one.GetRawText()).Should().Equal(read.Body.GetRawText());

        (await merchant.DeleteAsync(created.Location!)).Status.Should().Be(204);
        (await merchant.GetAsync(created.Location!)).Status.Should().Be(404);
        (await merchant.DeleteAsync(created.Location!)).Status.Should().Be(404);
        (await merchant.GetAsync("/v1/webhook-endpoints")).Data.Should().BeEmpty();
        Id.TryParse(Id.WebhookEndpoint, created.Text("id"), out var id).Should().BeTrue();
        (await _house.QueryAsync<long>($"select count(*) from webhook_secrets where endpoint_id = '{id}'"))
            .Should().Be(0);
    }

    [Fact]
    public async Task A_secret_is_nowhere_readable_in_the_database()
    {
        var merchant = _house.NewMerchant();
        var created = await merchant.EndpointAsync(new Uri("https://shop.example/"));
        var secret = created.Text("secret");

        var everything = await _house.QueryAsync<string>(
            """
            select (select string_agg(e::text, '') from webhook_endpoints e)
              || (select string_agg(s::text, '') from webhook_secrets s)
            """);

        Id.TryParse(Id.WebhookEndpoint, created.Text("id"), out var id).Should().BeTrue();
        everything.Should().Contain(id.ToString());
        everything.Should().NotContain(secret["whsec_".Length..]);
        everything.Should().NotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)));
        everything.Should().NotContain(Convert.ToHexStringLower(Convert.FromBase64String(secret["whsec_".Length..])));
    }

    [Fact]
    public async Task Nothing_is_visible_to_another_merchant_or_in_the_other_environment()
    {
        var owner = _house.NewMerchant();
        var created = await owner.EndpointAsync(new Uri("https://shop.example/"));
        var strangers = new[]
        {
            _house.NewMerchant(),
            owner with { Identity = owner.Identity with { Environment = "live" } },
        };

        foreach (var stranger in strangers)
        {
            var nobodys = Id.Format(Id.WebhookEndpoint, Guid.AllBitsSet);
            var unknown = await stranger.GetAsync($"/v1/webhook-endpoints/{nobodys}");
            var theirs = await stranger.GetAsync(created.Location!);
            theirs.Status.Should().Be(404);
            theirs.Text("code").Should().Be("not_found");
            theirs.Text("detail").Should().Be(unknown.Text("detail"));
            (await stranger.DeleteAsync(created.Location!)).Status.Should().Be(404);
            (await stranger.GetAsync("/v1/webhook-endpoints")).Data.Should().BeEmpty();
            (await stranger.GetAsync($"/v1/webhook-deliveries?endpoint={created.Text("id")}")).Data.Should().BeEmpty();
        }

        (await owner.GetAsync(created.Location!)).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_route_needs_a_signed_identity_and_its_scope()
    {
        var reader = _house.NewMerchant("test", Scopes.WebhooksRead);
        var writer = _house.NewMerchant("test", Scopes.WebhooksWrite);

        (await _house.SendAsync(null, HttpMethod.Get, "/v1/webhook-endpoints", null)).Status.Should().Be(401);
        (await reader.PostEndpointAsync(new { url = "https://a.example", events = new[] { "*" } }))
            .Text("code").Should().Be("insufficient_scope");
        (await reader.DeleteAsync("/v1/webhook-endpoints/whe_x")).Text("code").Should().Be("insufficient_scope");
        foreach (var route in new[] { "webhook-endpoints", "webhook-deliveries", "webhook-deliveries/x/attempts" })
            (await writer.GetAsync($"/v1/{route}")).Text("code").Should().Be("insufficient_scope");
    }

    [Theory]
    [InlineData("""{"events":["*"]}""", "/url", "required")]
    [InlineData("""{"url":"shop.example","events":["*"]}""", "/url", "invalid_format")]
    [InlineData("""{"url":"/hooks","events":["*"]}""", "/url", "scheme_not_allowed")]
    [InlineData("""{"url":"ftp://shop.example","events":["*"]}""", "/url", "scheme_not_allowed")]
    [InlineData("""{"url":"https://me:pw@shop.example","events":["*"]}""", "/url", "credentials_not_allowed")]
    [InlineData("""{"url":"https://shop.example/#x","events":["*"]}""", "/url", "fragment_not_allowed")]
    [InlineData("""{"url":"https://shop.example:22/","events":["*"]}""", "/url", "port_not_allowed")]
    [InlineData("""{"url":"https://shop.example/a b","events":["*"]}""", "/url", "invalid_format")]
    [InlineData("""{"url":"https://shop.example"}""", "/events", "required")]
    [InlineData("""{"url":"https://shop.example","events":[]}""", "/events", "too_short")]
    [InlineData("""{"url":"https://shop.example","events":["*","payment.payed"]}""", "/events/1", "unknown_event")]
    [InlineData("""{"url":"https://shop.example","events":[null]}""", "/events/0", "unknown_event")]
    [InlineData("""{"url":"https://shop.example","events":"*"}""", "/events", "wrong_type")]
    [InlineData("""{"url":"https://shop.example","events":["*"],"ordering":"fifo"}""", "/ordering", "unknown_value")]
    [InlineData("""{"url":"https://a.example","events":["*"],"description":"a\n"}""", "/description", "invalid_format")]
    [InlineData("""{"url":"https://shop.example","events":["*"],"secret":"mine"}""", "/secret", "unknown_field")]
    [InlineData("""{"url":"https://a.example","events":["*"],"bodySignature":"no"}""", "/bodySignature", "wrong_type")]
    public async Task Bad_input_is_refused_by_name_and_leaves_no_row(string body, string pointer, string code)
    {
        var merchant = _house.NewMerchant();

        var answer = await PostAsync(merchant, body);

        answer.Status.Should().Be(422);
        answer.Text("code").Should().Be("invalid_request");
        var error = answer.Body.GetProperty("errors").EnumerateArray().Should().ContainSingle().Subject;
        error.GetProperty("pointer").GetString().Should().Be(pointer);
        error.GetProperty("code").GetString().Should().Be(code);
        (await merchant.GetAsync("/v1/webhook-endpoints")).Data.Should().BeEmpty();
    }

    [Fact]
    public async Task Every_wrong_field_is_named_at_once()
    {
        var answer = await PostAsync(_house.NewMerchant(), """{"url":"x","events":[],"ordering":"y"}""");

        answer.Body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString())
            .Should().Equal("/url", "/events", "/ordering");
    }

    [Fact]
    public async Task Broken_json_is_a_400_and_a_url_of_2049_characters_too_long()
    {
        (await PostAsync(_house.NewMerchant(), """{"url":""")).Text("code").Should().Be("invalid_json");
        var answer = await PostAsync(
            _house.NewMerchant(), $$"""{"url":"https://shop.example/{{new string('a', 2028)}}","events":["*"]}""");
        answer.Body.GetProperty("errors")[0].GetProperty("code").GetString().Should().Be("too_long");
    }

    [Fact]
    public async Task A_live_endpoint_must_use_https()
    {
        var live = _house.NewMerchant("live");

        var refused = await PostAsync(live, """{"url":"http://shop.example","events":["*"]}""");
        refused.Body.GetProperty("errors")[0].GetProperty("code").GetString().Should().Be("scheme_not_allowed");
        var taken = await PostAsync(live, """{"url":"https://shop.example","events":["*"]}""");
        taken.Text("environment").Should().Be("live");
    }

    [Fact]
    public async Task A_list_is_walked_in_both_directions_by_its_cursors()
    {
        var merchant = _house.NewMerchant();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Insert(0, (await merchant.EndpointAsync(new Uri($"https://shop{i}.example/"))).Text("id"));

        var first = await merchant.GetAsync("/v1/webhook-endpoints?limit=2");
        var second = await merchant.GetAsync($"/v1/webhook-endpoints?limit=2&after={first.Text("nextCursor")}");
        var third = await merchant.GetAsync($"/v1/webhook-endpoints?limit=2&after={second.Text("nextCursor")}");
        var back = await merchant.GetAsync($"/v1/webhook-endpoints?limit=1&before={second.Text("nextCursor")}");

        Ids(first).Concat(Ids(second)).Concat(Ids(third)).Should().Equal(ids);
        first.Body.GetProperty("hasMore").GetBoolean().Should().BeTrue();
        third.Body.GetProperty("hasMore").GetBoolean().Should().BeFalse();
        third.Body.GetProperty("nextCursor").ValueKind.Should().Be(JsonValueKind.Null);
        // The cursor stands on the fourth: the one before it is the third, and there are more.
        Ids(back).Should().Equal(ids[2]);
        back.Body.GetProperty("hasMore").GetBoolean().Should().BeTrue();
    }

    [Theory]
    [InlineData("limit=0", "invalid_request")]
    [InlineData("limit=101", "invalid_request")]
    [InlineData("limit=ten", "invalid_request")]
    [InlineData("after=x", "invalid_cursor")]
    [InlineData("before=!!!!!!!!!!!!!!!!!!!!!!", "invalid_cursor")]
    [InlineData("after=AAAAAAAAAAAAAAAAAAAAAA&before=AAAAAAAAAAAAAAAAAAAAAA", "invalid_request")]
    public async Task A_bad_page_query_is_refused(string query, string code)
    {
        var answer = await _house.NewMerchant().GetAsync($"/v1/webhook-endpoints?{query}");

        answer.Status.Should().Be(422);
        answer.Text("code").Should().Be(code);
    }

    [Theory]
    [InlineData("endpoint=whe_x", "?endpoint")]
    [InlineData("event=pay_00000000000000000000000000", "?event")]
    [InlineData("payment_id=1", "?payment_id")]
    [InlineData("status=done", "?status")]
    public async Task A_bad_filter_is_refused_by_name(string query, string pointer)
    {
        var answer = await _house.NewMerchant().GetAsync($"/v1/webhook-deliveries?{query}");

        answer.Status.Should().Be(422);
        answer.Body.GetProperty("errors")[0].GetProperty("pointer").GetString().Should().Be(pointer);
    }

    [Fact]
    public async Task Health_names_every_loop()
    {
        var health = await Eventually.GetAsync(
            () => _house.SendAsync(null, HttpMethod.Get, "/health", null),
            answer => StatusOf(answer, "DeliveryWorker") == "Healthy");

        StatusOf(health, "PostgreSql").Should().Be("Healthy");
        health.Body.GetProperty("checks").TryGetProperty("FeedHealer", out _).Should().BeTrue();
    }

    private static string? StatusOf(Answer health, string check) =>
        health.Body.GetProperty("checks").GetProperty(check).GetProperty("status").GetString();

    private static IEnumerable<string?> Ids(Answer page) => page.Data.Select(one => one.GetProperty("id").GetString());

    private Task<Answer> PostAsync(TestMerchant merchant, string body) => _house.SendAsync(
        merchant.Identity, HttpMethod.Post, "/v1/webhook-endpoints",
        new StringContent(body, Encoding.UTF8, "application/json"));
}
