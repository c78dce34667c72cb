using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class EndpointHeadersTests
{
    [Theory]
    [InlineData("Authorization", "Bearer t")]
    [InlineData("authorization", "x")]
    [InlineData("X-Shop", "a b")]
    [InlineData("x-api-key", "~!\"")]
    [InlineData("X-Kob", "a")]
    public void A_token_for_the_merchants_own_gateway_may_be_sent(string name, string value)
    {
        Check((name, value)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("X-Kobbopay-Signature")]
    [InlineData("x-kobbopay-anything")]
    [InlineData("X-Signature")]
    [InlineData("X-Signature-Next")]
    [InlineData("x-signature-of-mine")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Real-IP")]
    [InlineData("X-Request-Id")]
    [InlineData("X-Original-URL")]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-")]
    [InlineData("webhook-signature")]
    [InlineData("webhook-id")]
    [InlineData("Host")]
    [InlineData("Content-Type")]
    [InlineData("Content-Length")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Connection")]
    [InlineData("Forwarded")]
    [InlineData("traceparent")]
    [InlineData("tracestate")]
    [InlineData("Cookie")]
    [InlineData("User-Agent")]
    [InlineData("Proxy-Authorization")]
    public void What_could_pass_for_ours_or_for_a_proxys_word_may_not(string name)
    {
        Check((name, "a")).Should().Equal(($"/headers/{name}", "header_not_allowed"));
    }

    [Theory]
    [InlineData("", "/headers/")]
    [InlineData("X-A B", "/headers/X-A B")]
    [InlineData("X-A:", "/headers/X-A:")]
    [InlineData("X-A\r\nHost", "/headers/X-A\r\nHost")]
    [InlineData("X-Ä", "/headers/X-Ä")]
    [InlineData("X-a/~b", "/headers/X-a~1~0b")]
    public void A_name_is_a_token(string name, string pointer)
    {
        Check((name, "a")).Should().Equal((pointer, "invalid_format"));
    }

    [Theory]
    [InlineData(null, "required")]
    [InlineData("", "required")]
    [InlineData("a\r\nHost: b", "invalid_format")]
    [InlineData("a\tb", "invalid_format")]
    [InlineData("é", "invalid_format")]
    [InlineData("\u007f", "invalid_format")]
    [InlineData(" a", "invalid_format")]
    [InlineData("a ", "invalid_format")]
    [InlineData(" ", "invalid_format")]
    public void A_value_is_printable_ascii(string? value, string code)
    {
        Check(("X-Shop", value)).Should().Equal(("/headers/X-Shop", code));
    }

    [Fact]
    public void Names_values_and_their_number_have_limits()
    {
        Check(("X-" + new string('a', 62), new string('v', 1024))).Should().BeEmpty();
        Check(("X-" + new string('a', 63), "v")).Single().Code.Should().Be("invalid_format");
        Check(("X-Shop", new string('v', 1025))).Should().Equal(("/headers/X-Shop", "too_long"));
        Check([.. Enumerable.Range(1, 20).Select(i => ($"X-{i}", "v"))]).Should().BeEmpty();
        Check([.. Enumerable.Range(1, 21).Select(i => ($"X-{i}", "v"))]).Should().Equal(("/headers", "too_many"));
    }

    [Fact]
    public void Two_names_that_differ_in_case_alone_are_one()
    {
        Check(("X-Shop", "a"), ("x-shop", "b")).Should().Equal(("/headers/x-shop", "duplicate_field"));
    }

    private static IEnumerable<(string Pointer, string Code)> Check(params (string Name, string? Value)[] headers) =>
        EndpointHeaders.Check(headers.ToDictionary(h => h.Name, h => h.Value, StringComparer.Ordinal))
            .Select(error => (error.Pointer, error.Code));
}
