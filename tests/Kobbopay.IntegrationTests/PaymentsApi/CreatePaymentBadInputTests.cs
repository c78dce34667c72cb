using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.IntegrationTests.PaymentsApi;

public sealed class CreatePaymentBadInputTests(PaymentsFixture fixture) : IClassFixture<PaymentsFixture>
{
    private PaymentsHost Host => fixture.Host;

    private static readonly string[] Written =
        ["payments", "order_claims", "idempotency_keys", "pending_events", "events", "payment_timeline"];

    public static TheoryData<string, int, string, string?> BadBodies => new()
    {
        { "", 400, "invalid_json", null },
        { "{", 400, "invalid_json", null },
        { """{"amount": 010.5}""", 400, "invalid_json", null },
        { "{\"orderId\": \"\\ud800\"}", 400, "invalid_json", null },
        { "null", 422, "invalid_request", null },
        { "[]", 422, "invalid_request", "" },
        { Body(extra: ", \"colour\": \"red\""), 422, "invalid_request", "/colour" },
        { Body(extra: ", \"expiry\": \"01:00:00\""), 422, "invalid_request", "/expiry" },
        { Body(extra: ", \"orderId\": \"twice\""), 422, "invalid_request", "/orderId" },
        { """{"currency": "USDT", "network": "example-network", "orderId": "o"}""", 422, "invalid_request", "/amount" },
        { """{"amount": null, "currency": "USDT", "network": "example-network", "orderId": "o"}""", 422,
            "invalid_request", "/amount" },
        { """{"amount": 1, "network": "example-network", "orderId": "o"}""", 422, "invalid_request", "/currency" },
        { """{"amount": 1, "currency": "USDT", "orderId": "o"}""", 422, "invalid_request", "/network" },
        { """{"amount": 1, "currency": "USDT", "network": "example-network"}""", 422, "invalid_request", "/orderId" },
        { Body(amount: "true"), 422, "invalid_request", "/amount" },
        { Body(amount: "[1]"), 422, "invalid_request", "/amount" },
        { Body(order: "7"), 422, "invalid_request", "/orderId" },
        { Body(amount: "0"), 422, "amount_out_of_range", "/amount" },
        { Body(amount: "-1"), 422, "amount_out_of_range", "/amount" },
        { Body(amount: "1e1"), 422, "invalid_request", "/amount" },
        { Body(amount: "1e400"), 422, "invalid_request", "/amount" },
        { Body(amount: "10.1234567"), 422, "too_many_decimals", "/amount" },
        { Body(amount: "\"10,5\""), 422, "invalid_request", "/amount" },
        { Body(amount: "\" 10\""), 422, "invalid_request", "/amount" },
        { Body(amount: "\"١٠\""), 422, "invalid_request", "/amount" },
        { Body(amount: "1000000.000001"), 422, "amount_out_of_range", "/amount" },
        { Body(amount: $"\"{new string('9', 90)}\""), 422, "amount_out_of_range", "/amount" },
        { Body(currency: "BTC"), 422, "unsupported_rail", "/currency" },
        { Body(currency: "usdt"), 422, "unsupported_rail", "/currency" },
        { Body(network: "moon"), 422, "unsupported_rail", "/network" },
        { Body(order: $"\"{new string('o', 129)}\""), 422, "invalid_request", "/orderId" },
        { Body(order: "\"a\\u0007b\""), 422, "invalid_request", "/orderId" },
        { Body(order: "\"\""), 422, "invalid_request", "/orderId" },
        { Body(extra: ", \"expiresIn\": 299"), 422, "invalid_request", "/expiresIn" },
        { Body(extra: ", \"expiresIn\": 604801"), 422, "invalid_request", "/expiresIn" },
        { Body(extra: ", \"expiresIn\": 300.5"), 422, "invalid_request", "/expiresIn" },
        { Body(extra: ", \"returnUrl\": \"javascript:alert(1)\""), 422, "invalid_request", "/returnUrl" },
        { Body(extra: ", \"returnUrl\": \"http://shop.example.com/\""), 422, "invalid_request", "/returnUrl" },
        { Body(extra: ", \"returnUrl\": \"https://other.example.com/\""), 422, "invalid_request", "/returnUrl" },
        { Body(extra: ", \"metadata\": {\"k\": 1}"), 422, "invalid_request", "/metadata/k" },
        { Body(extra: $", \"metadata\": {{\"{new string('k', 41)}\": \"v\"}}"), 422, "invalid_request",
            $"/metadata/{new string('k', 41)}" },
        { Body(extra: $", \"description\": \"{new string('d', 501)}\""), 422, "invalid_request", "/description" },
    };

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task Bad_input_gets_a_clear_problem_and_leaves_no_trace(
        string body, int status, string code, string? pointer)
    {
        var answer = await Host.CreateAsync(body, idempotencyKey: "the-same-for-all-refusals");

        answer.Status.Should().Be(status, answer.Body);
        answer.Code.Should().Be(code);
        answer.Pointer.Should().Be(pointer);
        ((string?)answer.Json["type"]).Should().Be($"/docs/errors#{code.Replace('_', '-')}");
        ((string?)answer.Json["requestId"]).Should().Be(answer.Headers["X-Request-Id"]);
        foreach (var table in Written)
            (await Host.CountAsync(table)).Should().Be(0, table);
    }

    [Fact]
    public async Task Every_missing_field_is_named_at_once()
    {
        var answer = await Host.CreateAsync("{}");

        answer.Json["errors"]!.AsArray().Select(e => (string)e!["pointer"]!)
            .Should().Equal("/amount", "/currency", "/network", "/orderId");
    }

    [Fact]
    public async Task A_body_over_64_KiB_is_refused()
    {
        var answer = await Host.CreateAsync(Body(extra: $", \"description\": \"{new string('d', 70 * 1024)}\""));

        answer.Status.Should().Be(413);
        answer.Code.Should().Be("body_too_large");
    }

    [Fact]
    public async Task An_unsupported_rail_is_told_the_enabled_ones()
    {
        var answer = await Host.CreateAsync(Body(currency: "BTC"));

        ((string?)answer.Json["detail"]).Should().Contain("USDT on example-network");
    }

    [Fact]
    public async Task A_key_without_the_scope_may_not_create()
    {
        var reader = Host.Merchant with { Scopes = [Scopes.PaymentsRead] };

        var answer = await Host.CreateAsync(Body(), reader);

        answer.Status.Should().Be(403);
        answer.Code.Should().Be("insufficient_scope");
    }

    private static string Body(
        string amount = "10.5",
        string currency = "USDT",
        string network = "example-network",
        string order = "\"order\"",
        string extra = "") =>
        $$"""
        {"amount": {{amount}}, "currency": "{{currency}}", "network": "{{network}}", "orderId": {{order}}{{extra}}}
        """;
}
