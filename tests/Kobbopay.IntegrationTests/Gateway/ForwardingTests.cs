using System.Net.Http.Headers;
using System.Security.Cryptography;
using Kobbopay.Contracts;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.IntegrationTests.Gateway;

public sealed class ForwardingTests : GatewayHouse
{
    private const int BodyLimit = 64 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_the_limit_passes_byte_by_byte(bool chunked)
    {
        var bytes = RandomNumberGenerator.GetBytes(BodyLimit);

        var answer = await PostAsync(bytes, chunked);

        answer.Status.Should().Be(200);
        Payments.Single().Body.Should().Equal(bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_longer_body_is_refused_and_no_service_gets_it_whole(bool chunked)
    {
        var answer = await PostAsync(new byte[70 * 1024], chunked);

        answer.ShouldBeProblem("body_too_large").Should().Contain("65536");
        Payments.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task A_services_answer_passes_with_its_status_headers_and_body()
    {
        Payments.Answer = http =>
        {
            http.Response.StatusCode = 201;
            http.Response.Headers.Location = "/v1/payments/pay_1";
            http.Response.Headers.ETag = "\"v1\"";
            http.Response.Headers["Idempotency-Replayed"] = "true";
            http.Response.Headers["Order-Replayed"] = "true";
            http.Response.Headers.CacheControl = "private, max-age=1";
            http.Response.Headers.ContentSecurityPolicy = "default-src 'self'";
            return http.Response.WriteAsync("{\"payment_id\":\"pay_1\"}", http.RequestAborted);
        };

        var answer = await PostAsync("{}"u8.ToArray(), chunked: false);

        answer.Should().BeEquivalentTo(new { Status = 201, Body = "{\"payment_id\":\"pay_1\"}" });
        answer.Headers.Should().Contain(new Dictionary<string, string>
        {
            ["Location"] = "/v1/payments/pay_1",
            ["ETag"] = "\"v1\"",
            ["Idempotency-Replayed"] = "true",
            ["Order-Replayed"] = "true",
            ["Cache-Control"] = "max-age=1, private",
            ["Content-Security-Policy"] = "default-src 'self'",
        });
    }

    [Fact]
    public async Task Every_answer_has_the_security_headers()
    {
        foreach (var target in new[] { "/v1/payments", "/nothing", "/health" })
        {
            (await SendAsync(target)).Headers.Should().Contain(new Dictionary<string, string>
            {
                ["X-Content-Type-Options"] = "nosniff",
                ["Referrer-Policy"] = "no-referrer",
                ["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'",
            }).And.NotContainKey("Server");
        }
    }

    [Fact]
    public async Task The_request_id_is_the_gateways_and_the_same_everywhere()
    {
        var fromOutside = Id.Format(Id.Request, Guid.CreateVersion7(DateTimeOffset.UnixEpoch));

        var answer = await SendAsync("/v1/payments", ("X-Request-Id", fromOutside));

        var id = answer.Headers["X-Request-Id"];
        Id.TryParse(Id.Request, id, out _).Should().BeTrue();
        id.Should().NotBe(fromOutside);
        Payments.Single().Headers["X-Request-Id"].Should().Be(id);
    }

    [Fact]
    public async Task A_service_hears_of_the_callers_address_from_the_gateway_alone()
    {
        await SendAsync("/v1/payments",
            ("X-Forwarded-For", "10.1.1.1"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=10.1.1.1"));

        Payments.Single().Headers["X-Forwarded-For"].Should().Be("127.0.0.1");
        Payments.Single().Headers["Host"].Should().Be(Payments.Url.Authority);
        Payments.Single().Headers.Should().NotContainKeys("X-Forwarded-Host", "Forwarded");
    }

    [Fact]
    public async Task A_callers_trace_goes_on_into_the_service_and_its_baggage_does_not()
    {
        const string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await SendAsync("/v1/payments",
            ("traceparent", parent),
            ("tracestate", "a=b"),
            ("baggage", "userId=alice"),
            ("Correlation-Context", "a=b"));

        var headers = Payments.Single().Headers;
        headers.Should().Contain("traceparent", parent).And.Contain("tracestate", "a=b");
        headers.Should().NotContainKeys("baggage", "Correlation-Context");
    }

    [Fact]
    public async Task Without_one_from_outside_the_service_starts_the_trace()
    {
        await SendAsync("/v1/payments");

        Payments.Single().Headers.Should().NotContainKey("traceparent");
    }

    [Fact]
    public async Task A_service_that_is_away_is_a_problem_that_may_be_tried_again()
    {
        await SendAsync("/v1/payments");
        await Payments.StopAsync();

        var answer = await SendAsync("/v1/payments");

        answer.ShouldBeProblem("service_unavailable").Should().Contain("nothing was done");
        answer.Headers["Retry-After"].Should().Be("1");
    }

    [Fact]
    public async Task A_service_that_hangs_up_is_a_problem_that_does_not_claim_to_know_the_outcome()
    {
        Payments.Answer = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };

        (await SendAsync("/v1/payments")).ShouldBeProblem("bad_gateway").Should().Contain("may have been carried out");
    }

    [Fact]
    public async Task Redirects_are_the_callers_to_follow()
    {
        PublicStatus.Answer = http =>
        {
            http.Response.Redirect("/pay/pst_2");
            return Task.CompletedTask;
        };

        var answer = await SendAsync("/pay/pst_1");

        answer.Status.Should().Be(302);
        answer.Headers["Location"].Should().Be("/pay/pst_2");
    }

    private async Task<GatewayAnswer> PostAsync(byte[] bytes, bool chunked)
    {
        using var body = chunked
            ? (HttpContent)new StreamContent(new MemoryStream(bytes))
            : new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (chunked)
            body.Headers.ContentLength = null;
        return chunked
            ? await SendAsync(HttpMethod.Post, "/v1/payments", body, ("Transfer-Encoding", "chunked"))
            : await SendAsync(HttpMethod.Post, "/v1/payments", body);
    }
}
