using Kobbopay.Contracts;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>contracts.md, section 1, "Browser misuse".</summary>
public sealed class BrowserGuardTests : GatewayHouse
{
    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "https://shop.example")]
    [InlineData("Origin", "null")]
    public async Task A_key_with_a_browsers_mark_is_refused_and_the_header_named(string header, string value)
    {
        foreach (var target in new[] { "/v1/payments", "/v1/public/payments/pst_1" })
        {
            (await SendAsync(target, (header, value))).ShouldBeProblem("api_key_in_browser")
                .Should().Contain(header).And.Contain("a proxy in between may have forwarded");
        }

        Payments.Received.Should().BeEmpty();
        PublicStatus.Received.Should().BeEmpty();
        // Whose it is is asked once, for the record.
        Payments.LookUps.Should().Equal(ApiKey.Hash(Key));
    }

    [Theory]
    [InlineData("Sec-Fetch-Mode", "cors")]
    [InlineData("Origin", "")]
    public async Task What_servers_send_too_is_no_browsers_mark(string header, string value)
    {
        (await SendAsync("/v1/payments", (header, value))).Status.Should().Be(200);
    }

    [Theory]
    [InlineData("x-api-key")]
    [InlineData("content-type, X-Api-Key")]
    public async Task A_preflight_that_asks_for_the_key_is_refused(string asked)
    {
        var answer = await PreflightAsync("/v1/payments", asked);

        answer.ShouldBeProblem("api_key_in_browser").Should().Contain("x-api-key");
        answer.Headers.Keys.Should().NotContain(name => name.StartsWith("Access-Control-"));
    }

    [Fact]
    public async Task A_page_may_ask_for_the_public_status()
    {
        PublicStatus.Answer = http =>
        {
            http.Response.Headers.AccessControlAllowOrigin = "*";
            return Task.CompletedTask;
        };

        var answer = await SendPlainAsync(
            HttpMethod.Get, "/v1/public/payments/pst_1", null,
            ("Origin", "https://x.example"), ("Sec-Fetch-Site", "cross-site"));

        answer.Status.Should().Be(200);
        answer.Headers["Access-Control-Allow-Origin"].Should().Be("*");
        (await PreflightAsync("/v1/public/payments/pst_1", "x-other")).Status.Should().Be(200);
    }

    private Task<GatewayAnswer> PreflightAsync(string target, string asked) => SendPlainAsync(
        HttpMethod.Options, target, null, ("Origin", "https://shop.example"), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", asked), ("Sec-Fetch-Site", "cross-site"));
}
