using System.Data.Common;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kobbopay.UnitTests.Defaults;

/// <summary>
/// The pipeline that every service has, on a port: whatever goes wrong is a problem with its request id.
/// </summary>
public sealed class PipelineTests : IAsyncLifetime
{
    private WebApplication? _app;
    private HttpClient? _client;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = "Kobbopay.Payments",
            Args = ["--urls=http://127.0.0.1:0", $"--Identity:Accept:gateway:0={TestIdentity.Key}"],
        });
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults();
        _app = builder.Build();
        _app.UseServiceDefaults();
        _app.MapGet("/fine", () => "fine").AllowPublic();
        _app.MapGet("/number", (int limit) => limit).AllowPublic();
        _app.MapGet("/refused", string () => throw new ProblemException(ProblemCodes.CursorExpired, "Too old."))
            .AllowPublic();
        _app.MapGet("/broken", string () => throw new InvalidOperationException("private words")).AllowPublic();
        _app.MapGet("/away", string () => throw new DatabaseAway()).AllowPublic();
        _app.MapGet("/undeclared", () => "open by mistake");
        _app.MapGet("/merchant", () => "mine").RequireMerchant(Scopes.PaymentsRead);
        _app.MapPost("/body", (HttpContext http, CancellationToken cancellation) =>
            JsonBody.ReadAsync(http, SampleJson.Default.Sample, cancellation)).AllowPublic();
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _client = new HttpClient(
            new SocketsHttpHandler { UseProxy = false })
        { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "/refused", "cursor_expired")]
    [InlineData("GET", "/broken", "internal_error")]
    [InlineData("GET", "/away", "service_unavailable")]
    [InlineData("GET", "/undeclared", "not_found")]
    [InlineData("GET", "/nowhere", "not_found")]
    [InlineData("GET", "/merchant", "authentication_required")]
    [InlineData("GET", "/body", "method_not_allowed")]
    [InlineData("POST", "/body", "unsupported_media_type")]
    public async Task Each_failure_is_a_problem_with_its_status_and_request_id(string method, string path, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var (status, requestId, problem) = await SendAsync(request);

        problem.GetProperty("code").GetString().Should().Be(code);
        problem.GetProperty("requestId").GetString().Should().Be(requestId);
        problem.GetRawText().Should().NotContain("private words");
        status.Should().Be(ProblemCodes.All[code].Status);
    }

    [Theory]
    [InlineData("/number")]
    [InlineData("/number?limit=")]
    [InlineData("/number?limit=many")]
    [InlineData("/number?limit=99999999999")]
    public async Task A_query_parameter_that_does_not_fit_is_named_without_our_types(string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, target);

        var (_, _, problem) = await SendAsync(request);

        problem.GetProperty("code").GetString().Should().Be("invalid_request");
        problem.GetProperty("detail").GetString().Should().Be("?limit: This value is missing or has the wrong type.");
        problem.GetProperty("errors")[0].GetProperty("pointer").GetString().Should().Be("?limit");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/body");
        request.Content = new StringContent(new string(' ', 70 * 1024), mediaType: new("application/json"));

        (await SendAsync(request)).Problem.GetProperty("code").GetString().Should().Be("body_too_large");
    }

    [Fact]
    public async Task A_request_id_of_the_gateway_is_kept_and_anything_else_replaced()
    {
        var fromGateway = Id.Format(Id.Request, Guid.CreateVersion7(DateTimeOffset.UnixEpoch));

        (await RequestIdForAsync(fromGateway)).Should().Be(fromGateway);
        (await RequestIdForAsync("req_mine")).Should().NotBe("req_mine").And.StartWith("req_");
    }

    private async Task<string> RequestIdForAsync(string sent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fine");
        request.Headers.Add("X-Request-Id", sent);
        using var answer = await _client!.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.Headers.GetValues("X-Request-Id").Single();
    }

    private async Task<(int Status, string RequestId, JsonElement Problem)> SendAsync(HttpRequestMessage request)
    {
        using var answer = await _client!.SendAsync(request, TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (
            (int)answer.StatusCode,
            answer.Headers.GetValues("X-Request-Id").Single(),
            JsonDocument.Parse(body).RootElement);
    }

    private sealed class DatabaseAway() : DbException("private words")
    {
        public override bool IsTransient => true;
    }
}
