using System.Text.Json;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.UnitTests.Defaults;

public sealed class ProblemTests
{
    [Fact]
    public async Task A_problem_is_RFC_9457_with_our_fields_and_no_empty_ones()
    {
        var (http, body) = await WriteAsync(new ProblemException(ProblemCodes.NotFound, "There isn't <one>."));

        http.Response.ContentType.Should().Be("application/problem+json");
        http.Response.ContentLength.Should().Be(body.Length);
        body.Should().Be(
            """
            {"type":"/docs/errors#not-found","title":"Not found","status":404,"detail":"There isn't <one>.",
            "instance":"/v1/payments/x","code":"not_found","requestId":"req_1","retryable":false}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public async Task What_a_problem_knows_more_of_is_told()
    {
        var (http, body) = await WriteAsync(new ProblemException(
            ProblemCodes.OrderHasOpenPayment, "d", [new InvalidField("/orderId", "taken", "m")])
        {
            RetryAfterSeconds = 7,
            Conflict = new ConflictingPayment("pay_1", "https://x/pay/pst_1"),
        });

        http.Response.Headers.RetryAfter.ToString().Should().Be("7");
        var problem = JsonDocument.Parse(body).RootElement;
        problem.GetProperty("errors")[0].GetRawText().Should().Be(
            """{"pointer":"/orderId","code":"taken","message":"m"}""");
        problem.GetProperty("payment_id").GetString().Should().Be("pay_1");
        problem.GetProperty("publicStatusUrl").GetString().Should().Be("https://x/pay/pst_1");
    }

    [Fact]
    public void Codes_and_their_anchors_have_one_form()
    {
        ProblemCodes.All.Should().HaveCountGreaterThan(20)
            .And.OnlyContain(pair => pair.Key == pair.Value.Code)
            .And.OnlyContain(pair => pair.Value.Status >= 400 && pair.Value.Status < 600);
        ProblemCodes.All.Keys.Should().OnlyContain(code => code.All(c => c == '_' || char.IsAsciiLetterLower(c)));
    }

    [Theory]
    [InlineData(404, "not_found")]
    [InlineData(405, "method_not_allowed")]
    [InlineData(413, "body_too_large")]
    [InlineData(415, "unsupported_media_type")]
    [InlineData(500, "internal_error")]
    [InlineData(502, "bad_gateway")]
    [InlineData(503, "service_unavailable")]
    public async Task A_bare_status_of_the_framework_gets_its_problem(int status, string code)
    {
        var http = NewContext();
        http.Response.StatusCode = status;

        await Problems.WriteForStatusAsync(http);

        JsonDocument.Parse(BodyOf(http)).RootElement.GetProperty("code").GetString().Should().Be(code);
        http.Response.StatusCode.Should().Be(status);
    }

    private static async Task<(HttpContext Http, string Body)> WriteAsync(ProblemException problem)
    {
        var http = NewContext();
        await Problems.WriteAsync(http, problem);
        return (http, BodyOf(http));
    }

    private static DefaultHttpContext NewContext()
    {
        var http = new DefaultHttpContext { TraceIdentifier = "req_1" };
        http.Request.Path = "/v1/payments/x";
        http.Response.Body = new MemoryStream();
        return http;
    }

    private static string BodyOf(HttpContext http) =>
        System.Text.Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());
}
