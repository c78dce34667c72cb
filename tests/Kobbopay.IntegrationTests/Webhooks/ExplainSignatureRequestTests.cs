using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Kobbopay.Webhooks.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>What may be asked, by whom, and the example of docs/webhooks.md.</summary>
public sealed partial class ExplainSignatureRequestTests(EndpointTests.OneHouse one)
    : IClassFixture<EndpointTests.OneHouse>
{
    private const string Route = "/v1/webhook-tools/explain-signature";

    private static readonly string Document = Checkout.PathOf("docs", "webhooks.md");

    [Theory]
    [InlineData("""{"body":"{}"}""", "/headers", "required")]
    [InlineData("""{"headers":{}}""", "/body", "required")]
    [InlineData("""{"headers":{},"body":"{}","bodyBase64":"e30="}""", "/bodyBase64", "conflict")]
    [InlineData("""{"headers":{},"bodyBase64":"e3"}""", "/bodyBase64", "invalid_format")]
    [InlineData("""{"headers":{"webhook-id":null},"body":"{}"}""", "/headers", "wrong_type")]
    [InlineData("""{"headers":{"X-Signature":1},"body":"{}"}""", "/headers/X-Signature", "wrong_type")]
    [InlineData("""{"headers":{"X-Signature":"a","x-signature":"b"},"body":"{}"}""", "/headers", "duplicate_field")]
    [InlineData("""{"headers":{},"body":"{}","endpointId":"dlv_1"}""", "/endpointId", "invalid_format")]
    [InlineData("""{"headers":{},"body":"{}","endpointId":"whe_zzzzzzzzzzzzzzzzzzzzzzzzzw"}""", "/endpointId", null)]
    [InlineData("""{"headers":{},"body":"{}","receivedAt":"2026-01-31"}""", "/receivedAt", "invalid_format")]
    [InlineData("""{"headers":{},"body":"{}","receivedAt":"2026-01-31T00:00:00"}""", "/receivedAt", "invalid_format")]
    [InlineData("""{"headers":{},"body":"{}","receivedAt":1770000000}""", "/receivedAt", "wrong_type")]
    [InlineData("""{"headers":{},"body":"{}","secret":"whsec_x"}""", "/secret", "unknown_field")]
    public async Task Bad_input_is_refused_by_name(string body, string pointer, string? code)
    {
        var answer = await PostAsync(one.House.NewMerchant(), body);

        answer.Status.Should().Be(422, answer.Body.ToString());
        answer.Text("code").Should().Be("invalid_request");
        var error = answer.Body.GetProperty("errors").EnumerateArray().Should().ContainSingle().Subject;
        error.GetProperty("pointer").GetString().Should().Be(pointer);
        if (code is not null)
            error.GetProperty("code").GetString().Should().Be(code);
    }

    [Fact]
    public async Task Fifty_headers_are_taken_and_not_one_more_and_64_KiB_are_the_limit_of_it_all()
    {
        var merchant = one.House.NewMerchant();
        Task<Answer> WithAsync(int headers, int body) => merchant.PostAsync(Route, new
        {
            headers = Enumerable.Range(0, headers).ToDictionary(n => $"X-{n}", n => "a"),
            body = new string('a', body),
        });

        (await WithAsync(50, 60_000)).Status.Should().Be(200);
        (await WithAsync(51, 0)).Body.GetProperty("errors")[0].GetProperty("code").GetString().Should().Be("too_long");
        (await WithAsync(0, 64 * 1024)).Text("code").Should().Be("body_too_large");
    }

    [Fact]
    public async Task A_key_needs_the_scope_webhooks_read_and_may_be_of_either_environment()
    {
        const string body = """{"headers":{},"body":"{}"}""";

        (await one.House.SendAsync(null, HttpMethod.Post, Route, Json(body))).Status.Should().Be(401);
        (await PostAsync(one.House.NewMerchant("test", Scopes.WebhooksWrite), body))
            .Text("code").Should().Be("insufficient_scope");
        foreach (var environment in new[] { "test", "live" })
        {
            (await PostAsync(one.House.NewMerchant(environment, Scopes.WebhooksRead), body))
                .Text("verdict").Should().Be("header_missing");
        }
    }

    [Fact]
    public async Task The_documented_example_gets_the_documented_answer()
    {
        var page = await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken);
        var request = RequestExample().Match(page).Groups["json"].Value;
        var answer = JsonElement.Parse(AnswerExample().Match(page).Groups["json"].Value);
        var merchant = one.House.NewMerchant();
        await HaveSentAsync(merchant, JsonElement.Parse(request), answer.GetProperty("endpointId").GetString()!);

        var given = await PostAsync(merchant, request);

        given.Status.Should().Be(200);
        JsonElement.DeepEquals(given.Body, answer).Should().BeTrue(given.Body.ToString());
    }

    [Fact]
    public async Task Every_verdict_and_every_difference_of_a_body_is_documented()
    {
        var page = await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken);
        var verdicts = typeof(Kobbopay.Webhooks.Tools.SignatureVerdicts).GetFields()
            .Select(field => (string)field.GetRawConstantValue()!);
        string[] differences =
        [
            "empty", "byte_order_mark", "trailing_newline", "truncated", "line_endings", "same_json", "other_content",
        ];

        foreach (var code in verdicts)
            page.Should().Contain($"\n| `{code}` |");
        foreach (var code in differences)
            page.Should().Contain($"`{code}`");
    }

    /// <summary>What the example says was sent: by the worked secret's endpoint, the event with spaces in it.</summary>
    private async Task HaveSentAsync(TestMerchant merchant, JsonElement request, string endpointName)
    {
        var eventName = request.GetProperty("headers").GetProperty("webhook-id").GetString();
        Id.TryParse(Id.WebhookEndpoint, endpointName, out var endpoint).Should().BeTrue();
        Id.TryParse(Id.Event, eventName, out var eventId).Should().BeTrue();
        await using var batch = one.House.Sql.CreateBatch();
        new EndpointRow(
                endpoint, merchant.Identity.MerchantId, "test", "https://shop.example/", ["*"], null, "none",
                BodySignature: true, RateLimit: null, HeaderNames: [], TimeProvider.System.GetUtcNow())
            .Insert(batch, one.House.Services.GetRequiredService<SecretVault>().Seal(
                endpoint, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), headers: null);
        await batch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await using var command = one.House.Sql.CreateCommand(
            """
            insert into webhook_events (id, merchant_id, environment, type, body, created_at)
            values ($1, $2, 'test', 'payment.paid', $3, now())
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = eventId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchant.Identity.MerchantId });
        command.Parameters.Add(new NpgsqlParameter<byte[]>
        {
            TypedValue = Encoding.UTF8.GetBytes($$"""{"id": "{{eventName}}", "type": "payment.paid"}"""),
        });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static Task<Answer> PostAsync(TestMerchant merchant, string body) =>
        merchant.House.SendAsync(merchant.Identity, HttpMethod.Post, Route, Json(body));

    [GeneratedRegex(@"<!-- explain-signature request -->\n```json\n(?<json>.*?)```", RegexOptions.Singleline, 1000)]
    private static partial Regex RequestExample();

    [GeneratedRegex(@"<!-- explain-signature answer -->\n```json\n(?<json>.*?)```", RegexOptions.Singleline, 1000)]
    private static partial Regex AnswerExample();
}
