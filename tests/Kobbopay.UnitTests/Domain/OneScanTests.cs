using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>What one look at the chain brings may be several things at once.</summary>
public sealed class OneScanTests
{
    [Fact]
    public void A_transfer_in_anothers_place_is_told_though_the_sum_is_the_same()
    {
        var other = Money(100, block: 1, number: 1);
        Paid.See(1, other).Types().Should().Equal("payment.amount_changed");
        Confirmed.See(4, other with { BlockNumber = 4 }).Types().Should().Equal("payment.amount_changed");
        Partial.See(1, Money(40, block: 1, number: 1)).Types().Should().Equal("payment.partially_paid");
        Canceled.See(1, Money(40, block: 1)).Payment.See(1, Money(40, block: 1, number: 1)).Types()
            .Should().Equal("payment.late_transfer");
    }

    [Fact]
    public void A_transfer_that_is_mined_again_with_another_amount_is_more_or_less_money()
    {
        Partial.See(2, Money(50, block: 2)).Types().Should().Equal("payment.partially_paid");
        Partial.See(2, Money(30, block: 2)).Types().Should().Equal("payment.amount_changed");
        Partial.See(2, Money(100, block: 2)).Types().Should().Equal("payment.paid");
    }

    [Fact]
    public void What_is_gone_comes_before_what_is_new()
    {
        var step = Paid.Accept(new PaymentInput.ChainSeen([Money(30, 2, number: 1)], 2, new Reorg("a", "b")));
        step.Types().Should().Equal("payment.reverted", "payment.partially_paid");
        step.Events.Select(happened => (happened.After.Status, (int)happened.After.Received, happened.Reorg)).Should()
            .Equal((PaymentStatus.Pending, 0, new Reorg("a", "b")), (PaymentStatus.Pending, 30, null));

        var late = Expired.See(1, Money(100, block: 1, minute: 70)).Payment;
        late.See(2, Money(30, block: 2, minute: 80, number: 1)).Types()
            .Should().Equal("payment.reverted", "payment.late_transfer");
    }

    [Fact]
    public void Money_that_is_too_late_is_no_part_payment_while_a_reverted_payment_waits()
    {
        var reverted = Paid.Accept(new PaymentInput.ChainSeen([], 1), minute: 110).Payment;
        var step = reverted.Accept(new PaymentInput.ChainSeen([Money(100, 2, minute: 125, number: 1)], 2), minute: 125);
        step.Types().Should().Equal("payment.amount_changed");
        step.Payment.Accept(new PaymentInput.ChainTimeReached(Minute(141)), minute: 141).Types()
            .Should().Equal("payment.expired");
    }

    [Fact]
    public void Whether_it_was_paid_late_follows_from_what_stands()
    {
        var late = Expired.See(1, Money(100, block: 1, minute: 70)).Payment;
        var both = late.See(2, Money(100, block: 1, minute: 70), Money(100, block: 2, minute: 59, number: 1));
        (both.Types().Single(), both.Payment.Late).Should().Be(("payment.amount_changed", false));
        both.Payment.See(3, Money(100, block: 1, minute: 70)).Payment.Late.Should().BeTrue();
    }

    [Fact]
    public void Blocks_are_named_only_where_money_is_gone()
    {
        var moved = new PaymentInput.ChainSeen([Money(100, block: 2)], 4, new Reorg("a", "b"));
        Paid.Accept(moved).Events.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Type = "payment.confirmed", Reorg = (Reorg?)null });
        Confirmed.Accept(new PaymentInput.ChainSeen([], 4, new Reorg("a", "b"))).Events.Single().Reorg
            .Should().Be(new Reorg("a", "b"));
    }

    [Fact]
    public void Accepting_never_asks_for_more_than_was_due()
    {
        var rich = Canceled.See(1, Money(70, block: 1), Money(50, block: 1, number: 1)).Payment;
        var accepted = (Decision.Accepted)rich.Resolve(ResolutionAction.Accept);
        (accepted.Payment.Due, accepted.Payment.Outcome).Should().Be((100, PaymentOutcome.Over));
    }

    [Fact]
    public void What_was_accepted_and_then_left_the_chain_can_be_dismissed()
    {
        var accepted = (Decision.Accepted)Canceled.See(1, Money(40, block: 1)).Payment.Resolve(ResolutionAction.Accept);
        var gone = accepted.Payment.See(1);
        gone.Types().Should().Equal("payment.reverted");
        gone.Payment.Resolve(ResolutionAction.Dismiss).Should().BeOfType<Decision.Accepted>().Subject.Types()
            .Should().Equal("payment.resolved");
    }

    [Fact]
    public void Confirmed_money_that_is_mined_anew_is_waited_for_again()
    {
        var moved = Confirmed.See(4, Money(100, block: 4)).Payment;
        (moved.Status, Fulfilment.Of(moved)).Should().Be(
            (PaymentStatus.Confirmed, new Fulfilment("wait", "awaiting_confirmations")));
        Fulfilment.Of(moved.See(6, Money(100, block: 4)).Payment).Should().Be(new Fulfilment("fulfil", "confirmed"));
    }
}
