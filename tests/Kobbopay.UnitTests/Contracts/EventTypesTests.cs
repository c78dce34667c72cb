using System.Reflection;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;

namespace Kobbopay.UnitTests.Contracts;

public sealed class EventTypesTests
{
    [Fact]
    public void Every_event_that_the_lifecycle_knows_and_every_one_born_elsewhere_is_listed()
    {
        var ofPayments = typeof(PaymentEventTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetValue(null)!);

        EventTypes.All.Should().BeEquivalentTo(
            [.. ofPayments, .. EventTypes.BornElsewhere, EventTypes.ApiKeyMisused, EventTypes.XpubChanged]);
    }

    [Fact]
    public void A_pattern_takes_one_type_or_all_of_an_object()
    {
        EventTypes.Matching("payment.paid").Should().Equal("payment.paid");
        EventTypes.Matching("webhook_endpoint.*")
            .Should().Equal("webhook_endpoint.failing", "webhook_endpoint.disabled");
        EventTypes.Matching("payment").Should().BeEmpty();
    }
}
