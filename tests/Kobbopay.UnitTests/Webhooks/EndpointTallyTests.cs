using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class EndpointTallyTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid One = Guid.CreateVersion7(Noon);
    private static readonly Guid Other = Guid.CreateVersion7(Noon);

    private readonly DeliveryTarget _target = new(
        Guid.CreateVersion7(Noon), Guid.CreateVersion7(Noon), "live", "https://example.com",
        BodySignature: true, RateLimit: null,
        new SealedEndpoint(new SealedSecret("k1", []), Next: null, OverlapUntil: null, Headers: null));

    [Fact]
    public void Only_failures_after_the_last_success_count()
    {
        var tally = EndpointTally.Of(
            [Result(One, 0, 500), Result(One, 1, 200), Result(One, 2, 500), Result(One, 3, 500)]).Single();

        tally.Should().Be(new EndpointTally(
            _target.EndpointId, Noon.AddSeconds(1), Noon.AddSeconds(2), Failures: 2, One, FailedEventsDiffer: false));
    }

    [Fact]
    public void Failures_of_two_events_are_told_apart_from_those_of_one()
    {
        EndpointTally.Of([Result(One, 0, 500), Result(One, 1, 500)]).Single().FailedEventsDiffer.Should().BeFalse();
        EndpointTally.Of([Result(One, 0, 500), Result(Other, 1, 500)]).Single().FailedEventsDiffer.Should().BeTrue();
    }

    [Fact]
    public void A_payments_own_url_and_a_claim_given_back_say_nothing_of_the_endpoint()
    {
        var own = Result(One, 0, 500);
        own = own with { Delivery = own.Delivery with { PaymentUrl = "https://example.com/own" } };

        EndpointTally.Of([own, DeliveryResult.GiveBack(own.Delivery), DeliveryResult.UsedUp(own.Delivery)])
            .Should().BeEmpty();
    }

    [Theory]
    [InlineData(4.99, 100, true, false)]
    [InlineData(5, 9, true, false)]
    [InlineData(5, 10, false, false)]
    [InlineData(5, 10, true, true)]
    public void Disabling_takes_five_days_ten_failures_and_two_events(
        double days, int failures, bool eventsDiffer, bool disables) =>
        FailureRule.Disables(TimeSpan.FromDays(days), failures, eventsDiffer).Should().Be(disables);

    [Theory]
    [InlineData(2.49, 100, false)]
    [InlineData(2.5, 4, false)]
    [InlineData(2.5, 5, true)]
    public void The_warning_comes_at_half_of_that(double days, int failures, bool warns) =>
        FailureRule.Warns(TimeSpan.FromDays(days), failures).Should().Be(warns);

    private DeliveryResult Result(Guid eventId, int second, int status)
    {
        var delivery = new ClaimedDelivery(
            _target, Guid.CreateVersion7(Noon), eventId, Attempt: 1, AttemptsBefore: 0, PaymentUrl: null, Noon,
            Noon, Noon, [], TraceParent: null, OrderedPaymentId: null);
        var attempt = new Attempt(
            Noon.AddSeconds(second), TimeSpan.Zero, status, status == 200 ? null : "http_status");
        return DeliveryResult.Of(delivery, attempt, Noon, draw: 0.5);
    }
}
