using System.Text.Json;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Gateway;

public sealed class RouteTests : GatewayHouse
{
    [Theory]
    [InlineData("/v1/payments", "payments")]
    [InlineData("/v1/payments/pay_1/transfers?limit=5&metadata[order]=a%20b", "payments")]
    [InlineData("/v1/events?after=3", "payments")]
    [InlineData("/v1/sandbox/networks/example-network/mine", "payments")]
    [InlineData("/v1/rails", "payments")]
    [InlineData("/v1/account", "payments")]
    [InlineData("/v1/api-keys/key_1/roll", "payments")]
    [InlineData("/v1/access-requests", "payments")]
    [InlineData("/request-access", "payments")]
    [InlineData("/v1/claims/clm_1", "payments")]
    [InlineData("/claim/assets/page.js", "payments")]
    [InlineData("/v1/certification", "webhooks")]
    [InlineData("/v1/webhook-endpoints/whe_1", "webhooks")]
    [InlineData("/v1/webhook-deliveries", "webhooks")]
    [InlineData("/v1/webhook-tools/explain-signature", "webhooks")]
    [InlineData("/v1/public/payments/pst_a-B_c", "publicstatus")]
    [InlineData("/pay/pst_a-B_c", "publicstatus")]
    public async Task Each_path_reaches_its_one_service_unchanged(string target, string service)
    {
        (await SendAsync(target)).Status.Should().Be(200);

        var services = new Dictionary<string, Backend>
        {
            ["payments"] = Payments,
            ["webhooks"] = Webhooks,
            ["publicstatus"] = PublicStatus,
        };
        services[service].Single().Target.Should().Be(target);
        services.Values.Sum(backend => backend.Received.Count).Should().Be(1);
    }

    [Theory]
    [InlineData("/request-access")]
    [InlineData("/claim")]
    public async Task A_pages_form_passes_with_its_origin_and_brings_its_own_policy(string target)
    {
        Payments.Answer = http =>
        {
            http.Response.Headers.ContentSecurityPolicy = "default-src 'self'";
            return Task.CompletedTask;
        };
        using var form = new FormUrlEncodedContent([new("company", "Shop & Co")]);

        var answer = await SendPlainAsync(
            HttpMethod.Post, target, form, ("Origin", "https://pay.example"), ("Sec-Fetch-Site", "same-origin"));

        answer.Status.Should().Be(200);
        answer.Headers["Content-Security-Policy"].Should().Be("default-src 'self'");
        Payments.Single().Body.Should().Equal("company=Shop+%26+Co"u8.ToArray());
    }

    [Theory]
    [InlineData("/v1")]
    [InlineData("/v1/paymentsx")]
    [InlineData("/v1/payment")]
    [InlineData("/internal/api-keys/0")]
    [InlineData("/INTERNAL/events")]
    [InlineData("/openapi.json")]
    public async Task Nothing_else_is_there(string target)
    {
        (await SendAsync(target)).ShouldBeProblem("not_found");
    }

    [Theory]
    [InlineData("/v1/payments/../../internal/x")]
    [InlineData("/v1/payments/%2e%2e/%2e%2e/internal/x")]
    [InlineData("/v1/payments/.%2e/.%2e/internal/x")]
    [InlineData("/v1/payments/..%2f..%2finternal/x")]
    [InlineData("/v1/payments/%2e%2e%2f%2e%2e%2finternal%2fx")]
    [InlineData("/v1/payments/%252e%252e/%252e%252e/internal/x")]
    [InlineData("/v1/payments/..\\..\\internal\\x")]
    [InlineData("/v1/payments/..%5c..%5cinternal%5cx")]
    [InlineData("/v1/payments//internal/x")]
    [InlineData("/v1/payments/..;/internal/x")]
    [InlineData("/v1/public/../../internal/x")]
    [InlineData("/pay/..%2f..%2finternal/x")]
    [InlineData("//internal/x")]
    [InlineData("/%2e/internal/x")]
    [InlineData("/./internal/x")]
    [InlineData("/%69nternal/x")]
    [InlineData("http://payments/internal/x")]
    [InlineData("/v1/payments/%00")]
    [InlineData("/v1/payments/a%0d%0ab")]
    public async Task No_spelling_of_a_path_reaches_an_internal_route(string target)
    {
        (await StatusOfRawAsync($"GET {target} HTTP/1.1")).Should().BeOneOf(400, 404);

        Payments.Received.Should().BeEmpty();
        PublicStatus.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task The_gateway_answers_for_its_own_health()
    {
        await Payments.StopAsync();

        var health = await Eventually.GetAsync(
            () => SendPlainAsync(HttpMethod.Get, "/health", body: null), health => health.Status == 200);
        var alive = await SendPlainAsync(HttpMethod.Get, "/alive", body: null);

        // This class's broker is none: that alone is no reason to send requests elsewhere.
        var checks = JsonDocument.Parse(health.Body).RootElement.GetProperty("checks").EnumerateObject()
            .Select(check => (check.Name, check.Value.GetProperty("status").GetString()));
        checks.Should().BeEquivalentTo(
            [("self", "Healthy"), ("ReportKeyActivity", "Healthy"), ("masstransit-bus", "Degraded")]);
        alive.Should().BeEquivalentTo(new { Status = 200, Body = "Healthy" });
    }

    [Fact]
    public async Task A_method_that_no_route_takes_is_refused_by_name()
    {
        var answer = await SendAsync(HttpMethod.Trace, "/v1/payments", body: null);

        answer.ShouldBeProblem("method_not_allowed").Should().Contain("TRACE");
        answer.Headers["Allow"].Should().Contain("POST");
    }
}
