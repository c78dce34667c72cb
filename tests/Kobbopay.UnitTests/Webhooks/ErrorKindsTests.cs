using System.Net.Sockets;
using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class ErrorKindsTests
{
    [Fact]
    public void The_page_explains_every_kind_and_no_other()
    {
        var explained = RepositoryTests.LinesOf("docs/webhooks.md")
            .SkipWhile(line => !line.StartsWith("| `errorKind` | what happened", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('`')[1]);

        explained.Should().BeEquivalentTo(ErrorKinds.All);
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(299, null)]
    [InlineData(300, "http_status")]
    [InlineData(301, "redirect_refused")]
    [InlineData(304, "http_status")]
    [InlineData(308, "redirect_refused")]
    [InlineData(199, "http_status")]
    [InlineData(404, "http_status")]
    [InlineData(500, "http_status")]
    public void A_status_is_a_success_a_redirect_or_a_failure(int status, string? kind) =>
        ErrorKinds.Of(status).Should().Be(kind);

    [Theory]
    [InlineData(SocketError.ConnectionRefused, "connection_refused")]
    [InlineData(SocketError.NetworkUnreachable, "unreachable")]
    [InlineData(SocketError.HostUnreachable, "unreachable")]
    [InlineData(SocketError.ConnectionReset, "connection_lost")]
    public void A_connection_that_fails_says_how(SocketError error, string kind)
    {
        var failure = new HttpRequestException(
            error == SocketError.ConnectionReset ? HttpRequestError.Unknown : HttpRequestError.ConnectionError,
            inner: new IOException("", new SocketException((int)error)));

        ErrorKinds.Of(failure).Should().Be(kind);
    }
}
