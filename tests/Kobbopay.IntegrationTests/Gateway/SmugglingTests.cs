using Kobbopay.Gateway;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>
/// Requests that two readers could read differently, or that are too much: each is refused or harmless, no second
/// request comes out of one, and nothing is a fault of the server.
/// </summary>
public sealed class SmugglingTests : GatewayHouse
{
    private const string Hidden = "GET /internal/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4")]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")]
    [InlineData("Transfer-Encoding: identity\r\nContent-Length: 4")]
    [InlineData("Transfer-Encoding: xchunked")]
    [InlineData("Transfer-Encoding : chunked")]
    [InlineData("Transfer-Encoding:\u000bchunked")]
    [InlineData("X: a\r\n Transfer-Encoding: chunked")]
    [InlineData("X: a\r\n\tb\r\nContent-Length: 4")]
    [InlineData("Content-Length: 4\r\nContent-Length: 40")]
    [InlineData("Content-Length: 4\r\nContent-Length: 4")]
    [InlineData("Content-Length: 4, 4")]
    [InlineData("Content-Length: 0x4")]
    [InlineData("Content-Length: -1")]
    [InlineData("Content Length: 4")]
    [InlineData("X: a\nContent-Length: 4")]
    [InlineData(": nameless")]
    public async Task A_request_of_doubtful_length_is_one_request_at_most(string headers)
    {
        var statuses = await StatusesOfRawAsync(
            $"POST /v1/payments HTTP/1.1\r\nHost: x\r\nx-api-key: {Key}\r\n{headers}\r\n\r\n"
            + $"0\r\n\r\n{Hidden}");

        statuses.Should().HaveCountLessThanOrEqualTo(1).And.OnlyContain(status => status < 500);
        Payments.Received.Should().HaveCountLessThanOrEqualTo(1)
            .And.NotContain(request => request.Target.Contains("internal"));
    }

    [Fact]
    public async Task A_length_that_the_server_reads_leniently_is_passed_on_in_its_plain_form()
    {
        await StatusesOfRawAsync(
            $"POST /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: {Key}\r\n"
            + "Content-Length: +4\r\n\r\n1234");

        Payments.Single().Headers["Content-Length"].Should().Be("4");
        Payments.Single().Body.Should().Equal("1234"u8.ToArray());
    }

    [Theory]
    [InlineData("X-Kobbopay-Identity: forged")]
    [InlineData("x-kobbopay-IDENTITY: forged")]
    [InlineData("x-kobbopay-identity: forged\r\nX-KOBBOPAY-IDENTITY: forged")]
    [InlineData("x_kobbopay_identity: forged")]
    [InlineData("x-kobbopay_identity: forged")]
    [InlineData("Connection: x-kobbopay-identity\r\nx-kobbopay-identity: forged")]
    public async Task No_spelling_of_the_identity_header_brings_one_in(string headers)
    {
        var statuses = await StatusesOfRawAsync(
            $"GET /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: {Key}\r\n{headers}\r\n\r\n");

        statuses.Should().Equal(200);
        Payments.Single().Merchant!.KeyId.Should().Be(KeyDescription.KeyId);
        Payments.Single().Headers["x-kobbopay-identity"].Should().NotContain("forged");
    }

    [Fact]
    public async Task Two_keys_are_no_key()
    {
        (await StatusesOfRawAsync(
            "GET /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + $"x-api-key: {Key}\r\nX-Api-Key: {Key}\r\n\r\n"))
            .Should().Equal(401);
        (await StatusesOfRawAsync(
            $"GET /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx_api_key: {Key}\r\n\r\n"))
            .Should().Equal(401);

        Payments.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task A_header_that_asks_to_be_dropped_takes_no_other_along()
    {
        await StatusesOfRawAsync(
            $"GET /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close, x-api-key, x-forwarded-for, x-request-id\r\n"
            + $"x-api-key: {Key}\r\n\r\n");

        Payments.Single().Merchant!.KeyId.Should().Be(KeyDescription.KeyId);
        Payments.Single().Headers.Should().ContainKeys("x-kobbopay-identity", "X-Forwarded-For", "X-Request-Id");
    }

    [Fact]
    public async Task Too_much_before_the_body_is_refused()
    {
        (await StatusOfRawAsync($"GET /v1/payments?q={new string('a', ServerLimits.RequestLine)} HTTP/1.1"))
            .Should().Be(414);
        (await StatusOfRawAsync($"GET /v1/payments HTTP/1.1\r\nX: {new string('a', ServerLimits.Headers)}"))
            .Should().Be(431);
        (await StatusOfRawAsync(
            "GET /v1/payments HTTP/1.1" + string.Concat(Enumerable.Repeat("\r\nX: a", ServerLimits.HeaderCount))))
            .Should().Be(431);
        (await StatusesOfRawAsync("GET /v1/payments HTTP/1.1\r\nConnection: close\r\n\r\n")).Should().Equal(400);
        (await StatusesOfRawAsync("GET /v1/payments HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n"))
            .Should().Equal(400);
        (await StatusesOfRawAsync("nonsense\r\n\r\n")).Should().Equal(400);
    }
}
