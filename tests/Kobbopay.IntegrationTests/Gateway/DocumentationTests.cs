using System.Text.RegularExpressions;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>The documentation as the gateway serves it, whatever the services behind it do.</summary>
public sealed partial class DocumentationTests : GatewayHouse
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        + "form-action 'self'; frame-ancestors 'none'";

    [Theory]
    [InlineData("/docs", "Kobbopay for whoever decides")]
    [InlineData("/docs/", "Kobbopay for whoever decides")]
    [InlineData("/docs/quickstart", "Quick start")]
    [InlineData("/docs/errors", "Errors")]
    [InlineData("/docs/errors/", "Errors")]
    public async Task A_page_may_be_kept_for_five_minutes_and_runs_nothing_that_is_not_its_own(
        string path, string title)
    {
        var answer = await GetAsync(path);

        answer.Status.Should().Be(200);
        answer.Body.Should().StartWith("<!DOCTYPE html>").And.Contain($">{title}</h1>");
        answer.Headers.Should().Contain(
        [
            new("Content-Type", "text/html; charset=utf-8"),
            new("Cache-Control", "public, max-age=300"),
            new("Content-Security-Policy", Policy),
            new("X-Content-Type-Options", "nosniff"),
            new("X-Frame-Options", "DENY"),
            new("Referrer-Policy", "no-referrer"),
        ]);
        answer.Headers.Should().ContainKey("ETag").And.NotContainKey("Set-Cookie");
        answer.Body.Should().NotContain(" style=").And.NotContain("<style").And.NotContain("<script>")
            .And.NotContain(" onclick").And.NotContain("src=\"http").And.NotContain("@import");
    }

    [Fact]
    public async Task Who_has_a_page_already_is_told_so_and_HEAD_has_no_body()
    {
        var first = await GetAsync("/docs/errors");
        var again = await GetAsync("/docs/errors", ("If-None-Match", first.Headers["ETag"]));
        var other = await GetAsync("/docs/errors", ("If-None-Match", "\"other\""));
        var head = await SendPlainAsync(HttpMethod.Head, "/docs/errors", body: null);

        again.Should().BeEquivalentTo(new { Status = 304, Body = string.Empty });
        again.Headers["Cache-Control"].Should().Be("public, max-age=300");
        other.Should().BeEquivalentTo(new { Status = 200, first.Body });
        head.Should().BeEquivalentTo(new { Status = 200, Body = string.Empty });
        head.Headers["ETag"].Should().Be(first.Headers["ETag"]);
    }

    [Theory]
    [InlineData("/docs/nothing")]
    [InlineData("/docs/nothing/below")]
    [InlineData("/docs/operations")]
    [InlineData("/docs/ARCHITECTURE")]
    [InlineData("/docs/errors.md")]
    [InlineData("/docs/errors/more")]
    [InlineData("/docs/decisions/0001-services-and-hand-overs")]
    [InlineData("/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd")]
    public async Task What_is_no_page_is_one_same_page(string path)
    {
        var first = await GetAsync("/docs/no-such-page");
        var answer = await GetAsync(path);

        answer.Should().BeEquivalentTo(new { Status = 404, first.Body });
        answer.Body.Should().Contain("There is no such page").And.Contain("href=\"/docs/quickstart\"");
        answer.Headers.Should().Contain(
        [
            new("Content-Type", "text/html; charset=utf-8"), new("Cache-Control", "no-store"),
            new("Content-Security-Policy", Policy),
        ]);
    }

    [Fact]
    public async Task The_search_answers_with_sections_and_shows_the_query_as_text()
    {
        var found = await GetAsync("/docs/search?q=unsupported_rail");
        var nothing = await GetAsync("/docs/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%20zeppelin");
        var empty = await GetAsync("/docs/search");

        found.Status.Should().Be(200);
        found.Body.Should().Contain("href=\"/docs/errors#unsupported-rail\"").And.Contain("value=\"unsupported_rail\"");
        found.Headers["Content-Security-Policy"].Should().Be(Policy);
        found.Headers["Cache-Control"].Should().Be("no-store");
        nothing.Body.Should().Contain("&lt;script&gt;alert(1)").And.NotContain("<script>")
            .And.NotContain("\" zeppelin");
        empty.Body.Should().Contain("Say what you are looking for.");
        (await GetAsync($"/docs/search?q={new string('x', 5_000)}")).Body
            .Should().Contain($"value=\"{new string('x', 100)}\"");
    }

    [Fact]
    public async Task The_reference_runs_what_this_site_serves_and_nothing_else()
    {
        (await GetAsync("/reference")).Headers["Location"].Should().Be("reference/");
        var first = await GetAsync("/reference/");
        var second = await GetAsync("/reference/");

        var nonce = Nonce().Match(first.Body).Groups["nonce"].Value;
        nonce.Should().HaveLength(32).And.NotBe(Nonce().Match(second.Body).Groups["nonce"].Value);
        first.Headers["Content-Security-Policy"].Should().Be(
            $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        first.Headers["Cache-Control"].Should().Be("no-store");
        first.Body.Should().Contain("\"hideTestRequestButton\":true").And.Contain("\"telemetry\":false")
            .And.Contain("\"withDefaultFonts\":false").And.NotContain("https://");
        (await GetAsync("/reference/scalar.js")).Headers["Content-Type"].Should().Be("text/javascript");
    }

    [Fact]
    public async Task The_root_leads_to_the_documentation()
    {
        var answer = await GetAsync("/");

        answer.Status.Should().Be(302);
        answer.Headers["Location"].Should().Be("/docs");
    }

    [Fact]
    public async Task The_page_of_an_error_is_where_its_type_says()
    {
        var type = (await GetAsync("/v1/payments")).ShouldBeProblem("authentication_required");
        type.Should().NotBeEmpty();

        (await GetAsync("/docs/errors")).Body.Should().Contain("<h2 id=\"authentication-required\">");
    }

    [Fact]
    public async Task Pages_are_read_and_nothing_else()
    {
        foreach (var path in new[] { "/docs", "/docs/errors", "/docs/search", "/" })
        {
            (await SendPlainAsync(HttpMethod.Post, path, body: null)).ShouldBeProblem("method_not_allowed");
        }
    }

    /// <summary>The bound is the published one; what is measured is some twentieth of it.</summary>
    [GeneratedRegex("<script[^>]* nonce=\"(?<nonce>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Nonce();

    private Task<GatewayAnswer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendPlainAsync(HttpMethod.Get, path, body: null, headers);
}
