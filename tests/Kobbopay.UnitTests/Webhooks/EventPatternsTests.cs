using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class EventPatternsTests
{
    [Theory]
    [InlineData("*")]
    [InlineData("payment.*")]
    [InlineData("payment.paid")]
    [InlineData("payment.finality_violated")]
    [InlineData("webhook_endpoint.*")]
    [InlineData("webhook_endpoint.failing")]
    [InlineData("api_key.misused")]
    public void A_pattern_that_takes_events_is_known(string pattern) =>
        EventPatterns.IsKnown(pattern).Should().BeTrue();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("payment")]
    [InlineData("payment.payed")]
    [InlineData("payment.paid ")]
    [InlineData("Payment.paid")]
    [InlineData("*.paid")]
    [InlineData("pay*")]
    [InlineData("payment.paid.*")]
    [InlineData("webhook.test")]
    public void A_pattern_that_takes_nothing_is_not(string? pattern) =>
        EventPatterns.IsKnown(pattern).Should().BeFalse();
}
