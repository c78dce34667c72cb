using System.Text.Json.Nodes;

namespace Kobbopay.IntegrationTests.Gateway;

public sealed class DescriptionRouteTests : GatewayHouse
{
    private const string Route = "/openapi/v1.json";

    [Fact]
    public async Task Anybody_reads_what_all_services_say_of_themselves_from_any_origin()
    {
        Payments.Description = """{"/v1/rails":{"get":{}}}""";
        Webhooks.Description = """{"/v1/webhook-endpoints":{"get":{}}}""";
        PublicStatus.Description = """{"/pay/{token}":{"get":{}}}""";

        var answer = await SendPlainAsync(HttpMethod.Get, Route, body: null, ("Origin", "https://docs.example.com"));

        answer.Status.Should().Be(200);
        JsonNode.Parse(answer.Body)!["paths"]!.ToJsonString().Should().Be(
            """{"/pay/{token}":{"get":{}},"/v1/rails":{"get":{}},"/v1/webhook-endpoints":{"get":{}}}""");
        answer.Headers.Should().Contain(
        [
            new("Content-Type", "application/json"),
            new("Access-Control-Allow-Origin", "*"),
            new("Cache-Control", "public, max-age=60"),
        ]);
    }

    [Fact]
    public async Task Who_has_it_already_is_told_so()
    {
        var first = await SendPlainAsync(HttpMethod.Get, Route, body: null);
        var again = await SendPlainAsync(HttpMethod.Get, Route, body: null, ("If-None-Match", first.Headers["ETag"]));
        var other = await SendPlainAsync(HttpMethod.Get, Route, body: null, ("If-None-Match", "\"other\""));

        again.Should().BeEquivalentTo(new { Status = 304, Body = string.Empty });
        again.Headers["ETag"].Should().Be(first.Headers["ETag"]);
        other.Should().BeEquivalentTo(new { Status = 200, first.Body });
    }

    [Fact]
    public async Task Without_a_service_that_was_never_heard_there_is_a_problem_and_not_half_a_document()
    {
        Webhooks.Description = null;

        var answer = await SendPlainAsync(HttpMethod.Get, Route, body: null);

        answer.ShouldBeProblem("service_unavailable");
        answer.Headers["Retry-After"].Should().Be("5");
        answer.Headers["Access-Control-Allow-Origin"].Should().Be("*");
        answer.Headers["Cache-Control"].Should().Be("no-store");
    }

    [Fact]
    public async Task A_service_that_went_away_is_still_described()
    {
        var first = await SendPlainAsync(HttpMethod.Get, Route, body: null);
        await PublicStatus.StopAsync();

        var again = await SendPlainAsync(HttpMethod.Get, Route, body: null);

        again.Should().BeEquivalentTo(new { Status = 200, first.Body });
    }

    [Fact]
    public async Task Nobody_changes_it()
    {
        (await SendPlainAsync(HttpMethod.Post, Route, body: null)).ShouldBeProblem("method_not_allowed");
    }
}
