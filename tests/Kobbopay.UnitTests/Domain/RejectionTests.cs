using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>What the lifecycle refuses, each with its code; a transfer is never refused.</summary>
public sealed class RejectionTests
{
    private static readonly Dictionary<string, Payment> States = new(StringComparer.Ordinal)
    {
        ["pending"] = Pending,
        ["partial"] = Partial,
        ["paid"] = Paid,
        ["confirmed"] = Confirmed,
        ["expired"] = Expired,
        ["canceled"] = Canceled,
        ["expired with money"] = Expired.See(1, Money(40, block: 1, minute: 70)).Payment,
        ["dismissed"] = ((Decision.Accepted)Canceled.Resolve(ResolutionAction.Dismiss)).Payment,
    };

    [Theory]
    [InlineData("partial")]
    [InlineData("paid")]
    [InlineData("confirmed")]
    [InlineData("expired")]
    [InlineData("canceled")]
    public void Only_a_payment_that_nothing_was_seen_for_can_be_canceled(string state)
    {
        PaymentLifecycle.Apply(States[state], new PaymentInput.Cancel("key_1"), Start)
            .Should().Be(new Decision.Rejected("payment_not_cancelable"));
    }

    [Theory]
    [InlineData("pending", ResolutionAction.Accept)]
    [InlineData("expired", ResolutionAction.Accept)]
    [InlineData("canceled", ResolutionAction.Accept)]
    [InlineData("paid", ResolutionAction.Accept)]
    [InlineData("confirmed", ResolutionAction.Accept)]
    [InlineData("pending", ResolutionAction.Dismiss)]
    [InlineData("partial", ResolutionAction.Dismiss)]
    [InlineData("paid", ResolutionAction.Dismiss)]
    [InlineData("confirmed", ResolutionAction.Dismiss)]
    [InlineData("dismissed", ResolutionAction.Dismiss)]
    public void Only_money_that_the_rules_leave_open_can_be_resolved(string state, ResolutionAction action)
    {
        States[state].Resolve(action).Should().Be(new Decision.Rejected("payment_not_resolvable"));
    }

    [Theory]
    [InlineData("paid")]
    [InlineData("confirmed")]
    [InlineData("expired")]
    [InlineData("canceled")]
    [InlineData("expired with money")]
    public void Only_an_open_payment_expires(string state)
    {
        PaymentLifecycle.Apply(States[state], new PaymentInput.ChainTimeReached(Minute(600)), Minute(600))
            .Should().Be(new Decision.Rejected("payment_not_expirable"));
    }

    [Theory]
    [InlineData(59)]
    [InlineData(60)]
    public void A_window_is_open_to_its_last_moment(int minute)
    {
        PaymentLifecycle.Apply(Pending, new PaymentInput.ChainTimeReached(Minute(minute)), Minute(600))
            .Should().Be(new Decision.Rejected("payment_not_expirable"));
    }

    [Fact]
    public void A_reverted_payment_has_thirty_minutes_for_its_money_to_come_back()
    {
        var reverted = Paid.Accept(new PaymentInput.ChainSeen([], 1), minute: 50).Payment;
        var over = new PaymentInput.ChainTimeReached(Minute(70));
        PaymentLifecycle.Apply(reverted, over, Minute(79.9))
            .Should().Be(new Decision.Rejected("payment_not_expirable"));
        reverted.Accept(over, minute: 80).Types().Should().Equal("payment.expired");
    }

    [Fact]
    public void A_transfer_is_never_refused()
    {
        foreach (var payment in States.Values)
        {
            var money = Money(7, block: 9, minute: 600, number: 9);
            var seen = new PaymentInput.ChainSeen([.. payment.Transfers, money], 9);
            payment.Accept(seen).Payment.Received.Should().Be(payment.Received + 7);
        }
    }
}
