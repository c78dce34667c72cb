using System.Globalization;
using System.Net;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

public sealed class RetryTests
{
    private static readonly CreatePaymentRequest Order = new()
    {
        Amount = 10.5m,
        Currency = "USDT",
        Network = "example-network",
        OrderId = "order-1",
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_refusal_that_passes_is_tried_again_with_the_same_key_and_body(int status)
    {
        using var server = new ScriptedKobbopay();
        server.Answers(status, "<html>", "text/html").Answers(status, "<html>", "text/html")
            .Answers(201, Samples.Payment());

        var result = await server.Client.Payments.CreateAsync(Order, cancellationToken: Token);

        result.Value.PaymentId.Should().Be("pay_1");
        result.IdempotencyKey.Should().MatchRegex("^[0-9a-f]{32}$");
        server.Requests.Should().HaveCount(3).And.OnlyContain(request =>
            request.Headers["Idempotency-Key"] == result.IdempotencyKey && request.Body == server.Requests[0].Body);
        server.Requests[0].Body.Should().Be(
            """{"amount":"10.5","currency":"USDT","network":"example-network","orderId":"order-1"}""");
        server.Retries.Select(retry => retry.Attempt).Should().Equal(1, 2);
    }

    [Theory]
    [InlineData(500, "internal_error", true)]
    [InlineData(500, "internal_error", false)]
    [InlineData(409, "idempotency_key_in_use", true)]
    [InlineData(409, "order_already_paid", false)]
    [InlineData(422, "invalid_request", false)]
    [InlineData(401, "invalid_api_key", false)]
    [InlineData(503, "authentication_unavailable", true)]
    public async Task A_problem_is_tried_again_when_it_says_so_and_else_not(int status, string code, bool retryable)
    {
        using var server = new ScriptedKobbopay();
        server.Refuses(status, code, retryable).Answers(200, Samples.Payment());

        var read = server.Client.Payments.GetAsync("pay_1", Token);

        if (retryable)
            (await read).PaymentId.Should().Be("pay_1");
        else
            (await read.Awaiting(r => r).Should().ThrowAsync<KobbopayProblemException>()).Which.Code.Should().Be(code);
        server.Requests.Should().HaveCount(retryable ? 2 : 1);
    }

    [Fact]
    public async Task Waits_double_up_to_the_cap_and_are_shortened_by_a_half_at_most()
    {
        using var server = new ScriptedKobbopay();
        server.Options.MaxRetries = 8;
        server.Answers(503, "busy", "text/plain");

        var read = server.Client.Payments.GetAsync("pay_1", Token);

        await read.Awaiting(r => r).Should().ThrowAsync<KobbopayProblemException>();
        server.Requests.Should().HaveCount(9);
        double[] full = [0.5, 1, 2, 4, 8, 16, 30, 30];
        foreach (var (most, retry) in full.Zip(server.Retries))
            retry.Delay.TotalSeconds.Should().BeInRange(most / 2, most);
        (server.Requests[^1].At - server.Requests[0].At).TotalSeconds
            .Should().BeApproximately(server.Retries.Sum(retry => retry.Delay.TotalSeconds), 1);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("Thu, 01 Jan 2026 00:00:07 GMT")]
    public async Task Retry_After_is_waited_for_in_seconds_and_as_a_date(string value)
    {
        using var server = new ScriptedKobbopay();
        server.Refuses(429, "rate_limited", retryable: true, headers: ("Retry-After", value))
            .Answers(200, Samples.Payment());

        await server.Client.Payments.GetAsync("pay_1", Token);

        (server.Requests[1].At - server.Requests[0].At).TotalSeconds.Should().BeApproximately(7, 0.1);
    }

    [Fact]
    public async Task A_longer_Retry_After_than_the_cap_is_not_cut_short_but_told()
    {
        using var server = new ScriptedKobbopay();
        server.Refuses(429, "rate_limited", retryable: true, headers: ("Retry-After", "3600"));

        var read = server.Client.Payments.GetAsync("pay_1", Token);

        var problem = (await read.Awaiting(r => r).Should().ThrowAsync<KobbopayProblemException>()).Which;
        (problem.Retryable, problem.RetryAfter).Should().Be((true, TimeSpan.FromHours(1)));
        server.Requests.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_lost_connection_is_tried_again_and_in_the_end_it_is_what_HttpClient_throws()
    {
        using var server = new ScriptedKobbopay();
        server.Fails(new HttpRequestException(HttpRequestError.ConnectionError, "refused"));

        var read = server.Client.Payments.GetAsync("pay_1", Token);

        (await read.Awaiting(r => r).Should().ThrowAsync<HttpRequestException>()).WithMessage("refused");
        server.Requests.Should().HaveCount(4);
    }

    [Fact]
    public async Task What_TLS_refuses_is_not_tried_again()
    {
        using var server = new ScriptedKobbopay();
        server.Fails(new HttpRequestException(HttpRequestError.SecureConnectionError, "no such name"));

        var read = server.Client.Payments.GetAsync("pay_1", Token);

        await read.Awaiting(r => r).Should().ThrowAsync<HttpRequestException>();
        server.Requests.Should().HaveCount(1);
    }

    [Fact]
    public async Task An_attempt_that_hangs_is_given_up_and_tried_again()
    {
        using var server = new ScriptedKobbopay();
        server.Hangs().Answers(201, Samples.Payment(), headers: ("Idempotency-Replayed", "true"));

        var result = await server.Client.Payments.CreateAsync(Order, "my-key", Token);

        (result.IdempotencyReplayed, result.OrderReplayed).Should().Be((true, false));
        server.Requests.Select(request => request.Headers["Idempotency-Key"]).Should().Equal("my-key", "my-key");
        (server.Requests[1].At - server.Requests[0].At).TotalSeconds.Should().BeInRange(30, 31);
    }

    [Fact]
    public async Task Attempts_that_all_hang_end_as_a_timeout_of_HttpClient_does()
    {
        using var server = new ScriptedKobbopay();
        server.Options.MaxRetries = 1;
        server.Hangs();

        var read = server.Client.Payments.GetAsync("pay_1", Token);

        (await read.Awaiting(r => r).Should().ThrowAsync<TaskCanceledException>())
            .WithInnerException<TimeoutException>();
        server.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task The_callers_token_ends_the_call_and_its_waits_at_once()
    {
        using var server = new ScriptedKobbopay();
        using var end = new CancellationTokenSource();
        server.Options.OnRetry = _ => end.Cancel();
        server.Answers(503, "busy", "text/plain");

        var read = server.Client.Payments.GetAsync("pay_1", end.Token);

        (await read.Awaiting(r => r).Should().ThrowAsync<OperationCanceledException>())
            .Which.CancellationToken.Should().Be(end.Token);
        server.Requests.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_deletion_whose_answer_was_lost_has_succeeded()
    {
        using var server = new ScriptedKobbopay();
        server.Fails(new HttpRequestException(HttpRequestError.ResponseEnded, "lost")).Refuses(404, "not_found");

        await server.Client.WebhookEndpoints.DeleteAsync("whe_1", Token);

        server.Requests.Should().HaveCount(2);
        var again = server.Client.WebhookEndpoints.DeleteAsync("whe_1", Token);
        await again.Awaiting(a => a).Should().ThrowAsync<KobbopayProblemException>("nothing was lost this time");
    }

    [Fact]
    public async Task Each_POST_has_a_key_of_its_own_and_no_other_method_has_one()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Samples.Payment());

        var first = await server.Client.Payments.CreateAsync(Order, cancellationToken: Token);
        var second = await server.Client.Payments.CancelAsync("pay_1", cancellationToken: Token);
        await server.Client.Payments.GetAsync("pay_1", Token);

        first.IdempotencyKey.Should().NotBe(second.IdempotencyKey);
        server.Requests[2].Headers.Should().NotContainKey("Idempotency-Key");
        server.Requests.Should().OnlyContain(request => request.Headers["x-api-key"] == "kp_test_key"
            && request.Headers["User-Agent"].StartsWith("kobbopay-dotnet/"));
        server.Requests[1].Body.Should().Be("{}");
    }

    [Fact]
    public async Task An_order_that_is_answered_again_says_so()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(
            (int)HttpStatusCode.OK, Samples.Payment(), "application/json",
            ("Order-Replayed", "true"), ("X-Request-Id", 9.ToString(CultureInfo.InvariantCulture)));

        var result = await server.Client.Payments.CreateAsync(Order, cancellationToken: Token);

        (result.OrderReplayed, result.IdempotencyReplayed, result.RequestId).Should().Be((true, false, "9"));
        Payment payment = result;
        payment.Should().BeSameAs(result.Value);
    }
}
