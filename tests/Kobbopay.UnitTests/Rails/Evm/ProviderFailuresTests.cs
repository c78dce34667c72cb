using System.Net;
using Kobbopay.Payments.Rails.Evm.Rpc;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class ProviderFailuresTests
{
    private static readonly Uri Url =
        new("https://our-user:our%40password@rpc.example/v3/key-1234567890?token=abcdefghij");

    private readonly ProviderFailures _failures = new(2, Url);

    [Fact]
    public void A_provider_is_named_by_number_and_host()
    {
        _failures.Of(ProviderException.Timeout, "too slow").Message.Should().Be("Provider 2 (rpc.example): too slow");
    }

    [Fact]
    public void No_words_of_a_provider_give_its_key_away()
    {
        var error = new RpcError(
            -32000,
            "Bad KEY-1234567890 at /v3/key-1234567890?token=abcdefghij of our-user:our@password our%40password");

        _failures.Of(error).Message.Should().Be(
            "Provider 2 (rpc.example): error -32000: Bad *** at /v3/***?token=*** of ***:*** ***");
    }

    [Fact]
    public void Its_words_are_cut_and_take_one_line()
    {
        var failure = _failures.Of(new RpcError(-32000, "a\r\nb" + new string('x', 1_000)));

        failure.Message.Should().Be("Provider 2 (rpc.example): error -32000: a  b" + new string('x', 196));
        failure.Code.Should().Be(-32000);
    }

    [Theory]
    [InlineData(-32005, "project ID request rate exceeded", true)]
    [InlineData(-32005, "daily request count exceeded, request rate limited", true)]
    [InlineData(-32007, "50/second request limit reached - reduce calls per second", true)]
    [InlineData(429, "Your app has exceeded its compute units per second capacity", true)]
    [InlineData(429, "", true)]
    [InlineData(-32000, "Too many requests", true)]
    [InlineData(-32005, "limit exceeded", false)]
    [InlineData(-32005, "query returned more than 10000 results", false)]
    [InlineData(-32602, "block range is too wide", false)]
    [InlineData(-32600, "You can make eth_getLogs requests with up to a 500 block range", false)]
    public void A_limit_of_requests_is_told_from_one_of_answers(int code, string message, bool isOfRequests)
    {
        ProviderFailures.IsRateLimit(new RpcError(code, message)).Should().Be(isOfRequests);
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(100_000, 600)]
    public void How_long_it_wants_to_be_left_alone_has_a_limit(int asked, int kept)
    {
        _failures.RateLimited(TimeSpan.FromSeconds(asked)).RetryAfter.Should().Be(TimeSpan.FromSeconds(kept));
        _failures.OfStatus(HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(asked), refusesBatch: false)
            .RetryAfter.Should().Be(TimeSpan.FromSeconds(kept));
    }

    [Fact]
    public void A_time_that_has_passed_is_none() =>
        _failures.RateLimited(TimeSpan.FromSeconds(-5)).RetryAfter.Should().BeNull();
}
