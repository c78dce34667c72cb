using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

public sealed class ProblemTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_problem_is_told_with_all_that_it_says()
    {
        using var server = new ScriptedKobbopay();
        server.Refuses(422, "too_many_decimals", more: """
            ,"errors":[{"pointer":"/amount","code":"too_many_decimals","message":"Six at most."}],
            "payment_id":"pay_9","publicStatusUrl":"https://pay.example.com/pay/pst_9","new":{"x":[1]}
            """);

        var problem = await ThrownAsync(server);

        problem.Should().BeEquivalentTo(new
        {
            Status = 422,
            Code = "too_many_decimals",
            Title = "Title",
            Detail = "Detail",
            RequestId = "req_1",
            Retryable = false,
            RetryAfter = (TimeSpan?)null,
            PaymentId = "pay_9",
            PublicStatusUrl = "https://pay.example.com/pay/pst_9",
            Message = "Title: Detail (too_many_decimals, 422, req_1)",
        });
        problem.Errors.Should().Equal(new KobbopayProblemField
        {
            Pointer = "/amount",
            Code = "too_many_decimals",
            Message = "Six at most.",
        });
    }

    [Fact]
    public async Task A_code_that_came_later_is_told_as_it_is()
    {
        using var server = new ScriptedKobbopay();
        server.Refuses(418, "a_new_code");

        (await ThrownAsync(server)).Code.Should().Be("a_new_code");
    }

    [Fact]
    public async Task A_proxys_page_is_no_code_and_a_short_excerpt()
    {
        using var server = new ScriptedKobbopay();
        server.Options.MaxRetries = 0;
        server.Answers(502, $"<html>\n  Bad   gateway {new string('x', 5000)}", "text/html");

        var problem = await ThrownAsync(server);

        (problem.Status, problem.Code, problem.Retryable).Should().Be((502, null, true));
        problem.Errors.Should().BeEmpty();
        problem.Message.Should().StartWith("GET /v1/payments/pay_1: 502, ").And.Contain("<html> Bad gateway xxx");
        problem.Message.Length.Should().BeLessThan(400);
    }

    [Theory]
    [InlineData(403, "application/problem+json", "not json")]
    [InlineData(403, "application/problem+json", "null")]
    [InlineData(403, "application/problem+json", "{}")]
    [InlineData(302, "text/html", "")]
    [InlineData(200, "text/html", "<html>Please log in")]
    [InlineData(200, "application/json", "null")]
    public async Task Whatever_else_is_answered_is_a_problem_without_a_code(int status, string type, string body)
    {
        using var server = new ScriptedKobbopay();
        server.Answers(status, body, type);

        var problem = await ThrownAsync(server);

        (problem.Status, problem.Code, problem.Retryable).Should().Be((status, null, false));
    }

    [Fact]
    public async Task JSON_that_can_not_be_read_is_not_shown_since_it_may_hold_a_secret()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(201, """{"key":"kp_test_secret"}""");

        var create = server.Client.ApiKeys.CreateAsync(
            new CreateApiKeyRequest { Label = "x", Scopes = [ApiKeyScopes.EventsRead] }, cancellationToken: Token);

        (await create.Awaiting(c => c).Should().ThrowAsync<KobbopayProblemException>())
            .Which.ToString().Should().NotContain("kp_test_secret");
    }

    [Fact]
    public async Task What_is_newer_than_the_client_does_no_harm()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Samples.Payment(status: "Refunding", more: ""","refund":{"id":"ref_1"},"tags":[]"""));

        var payment = await server.Client.Payments.GetAsync("pay_1", Token);

        payment.Status.Should().Be("Refunding");
        (payment.Amount, payment.AmountReceived).Should().Be((10.5m, 0));
        payment.Metadata["cart"].Should().Be("7");
        payment.PaidAt.Should().BeNull();
        payment.CreatedAt.Should().Be(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task What_an_answer_may_leave_out_is_null()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, """
            {"number":1,"data":[{"number":1,"hash":"0x1","time":"2026-01-01T00:00:00Z"}],"hasMore":false}
            """);

        var page = await server.Client.Sandbox.ListBlocksPageAsync("example-network", cancellationToken: Token);

        page.NextCursor.Should().BeNull();
        page.Data.Should().ContainSingle().Which.ParentHash.Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task An_id_that_would_lead_to_another_route_is_not_sent(string id)
    {
        using var server = new ScriptedKobbopay();
        server.Answers(204);

        var delete = () => server.Client.WebhookEndpoints.DeleteAsync(id, Token);

        await delete.Should().ThrowAsync<ArgumentException>();
        server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task An_id_stays_one_segment()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Samples.Payment());

        await server.Client.Payments.GetAsync("../api-keys?x=1#y", Token);

        (server.Requests[0].Path, server.Requests[0].Query)
            .Should().Be(("/v1/payments/..%2Fapi-keys%3Fx%3D1%23y", string.Empty));
    }

    [Fact]
    public void Secrets_are_in_no_text_of_an_answer()
    {
        new NewApiKey
        {
            Id = "key_1",
            Key = "kp_test_secret",
            Environment = "test",
            Label = "x",
            Prefix = "kp_test_",
            Last4 = "cret",
            Scopes = [],
            Status = "active",
            CreatedAt = default,
        }.ToString().Should().Be("NewApiKey key_1");
    }

    private static async Task<KobbopayProblemException> ThrownAsync(ScriptedKobbopay server)
    {
        var read = server.Client.Payments.GetAsync("pay_1", Token);
        return (await read.Awaiting(r => r).Should().ThrowAsync<KobbopayProblemException>()).Which;
    }
}
