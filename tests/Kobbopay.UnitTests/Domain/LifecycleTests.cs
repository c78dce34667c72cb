using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>Each row of the lifecycle table (contracts.md, section 2).</summary>
public sealed class LifecycleTests
{
    [Fact]
    public void A_payment_is_created_pending()
    {
        var created = PaymentLifecycle.Create(Terms);
        created.Should().BeEquivalentTo(new { Type = "payment.created", From = (PaymentStatus?)null, At = Start });
        (created.After.Status, created.After.Version, created.After.Outcome).Should().Be(
            (PaymentStatus.Pending, 1, PaymentOutcome.None));
    }

    [Fact]
    public void Less_than_due_is_a_partial_payment()
    {
        var step = Pending.See(1, Money(40, block: 1));
        step.Types().Should().Equal("payment.partially_paid");
        (step.Payment.Status, step.Payment.Outcome, step.Payment.Missing).Should().Be(
            (PaymentStatus.Pending, PaymentOutcome.Partial, 60));
    }

    [Theory]
    [InlineData(100, PaymentOutcome.Exact)]
    [InlineData(101, PaymentOutcome.Over)]
    public void Enough_is_paid(int amount, PaymentOutcome outcome)
    {
        var step = Pending.See(1, Money(amount, block: 1));
        step.Types().Should().Equal("payment.paid");
        (step.Payment.Status, step.Payment.Outcome, step.Payment.Late, step.Payment.Confirmations).Should().Be(
            (PaymentStatus.Paid, outcome, false, 1));
    }

    [Fact]
    public void What_is_within_the_tolerance_pays_and_stays_under()
    {
        var tolerant = Pending with { Terms = Terms with { Tolerance = PaymentTerms.ToleranceOf(100, 100, 50) } };
        var step = tolerant.See(1, Money(99, block: 1));
        (step.Payment.Status, step.Payment.Outcome).Should().Be((PaymentStatus.Paid, PaymentOutcome.Under));
        PaymentTerms.ToleranceOf(199, 100, 50).Should().Be(1);
        PaymentTerms.ToleranceOf(100_000, 100, 50).Should().Be(50);
    }

    [Fact]
    public void Paid_becomes_confirmed_with_the_last_confirmation_and_not_before()
    {
        var waiting = Paid.See(2, Money(100, block: 1));
        waiting.Events.Should().BeEmpty();
        (waiting.Payment.Status, waiting.Payment.Confirmations).Should().Be((PaymentStatus.Paid, 2));
        waiting.Payment.See(3, Money(100, block: 1)).Types().Should().Equal("payment.confirmed");
    }

    [Fact]
    public void A_top_up_does_not_hold_back_what_is_final()
    {
        Paid.See(3, Money(100, block: 1), Money(1, block: 3, number: 1)).Types().Should().Equal(
            "payment.amount_changed", "payment.confirmed");
    }

    [Fact]
    public void One_scan_may_pay_and_confirm_and_makes_two_versions()
    {
        var step = Pending.See(3, Money(100, block: 1));
        step.Types().Should().Equal("payment.paid", "payment.confirmed");
        step.Events.Select(happened => happened.After.Version).Should().Equal(2, 3);
    }

    [Fact]
    public void Amounts_that_change_without_a_status_are_told()
    {
        var more = Money(5, block: 1, number: 1);
        Paid.See(1, Money(100, block: 1), more).Types().Should().Equal("payment.amount_changed");
        Confirmed.See(4, Money(100, block: 1), more).Types().Should().Equal("payment.amount_changed");
        Partial.See(2).Types().Should().Equal("payment.amount_changed");
    }

    [Fact]
    public void Money_that_left_the_chain_reverts_the_payment_and_names_the_blocks()
    {
        var reorg = new Reorg("block1", "block1b");
        var step = Paid.Accept(new PaymentInput.ChainSeen([], 1, reorg), minute: 7);
        var happened = step.Events.Should().ContainSingle().Subject;
        (happened.Type, happened.From, happened.Reorg).Should().Be(("payment.reverted", PaymentStatus.Paid, reorg));
        (step.Payment.Status, step.Payment.PaidAt, step.Payment.RevertedAt).Should().Be(
            (PaymentStatus.Pending, null, Minute(7)));
    }

    [Fact]
    public void A_reverted_payment_goes_back_to_what_it_was_paid_from()
    {
        var late = Expired.See(1, Money(100, block: 1, minute: 70)).Payment;
        (late.Status, late.Late).Should().Be((PaymentStatus.Paid, true));
        var reverted = late.See(1).Payment;
        (reverted.Status, reverted.Late).Should().Be((PaymentStatus.Expired, false));
    }

    [Fact]
    public void A_transfer_in_another_block_is_no_event()
    {
        var moved = Paid.See(2, Money(100, block: 2, fork: "b"));
        moved.Events.Should().BeEmpty();
        (moved.Payment.Status, moved.Payment.Received, moved.Payment.Confirmations).Should().Be(
            (PaymentStatus.Paid, 100, 1));
    }

    [Fact]
    public void A_window_that_ended_without_enough_expires()
    {
        Partial.Accept(new PaymentInput.ChainTimeReached(Minute(60.01))).Types().Should().Equal("payment.expired");
    }

    [Fact]
    public void Late_money_proves_the_end_of_the_window_itself()
    {
        Pending.See(5, Money(40, block: 1), Money(60, block: 5, minute: 70, number: 1)).Types().Should().Equal(
            "payment.partially_paid", "payment.expired", "payment.late_transfer", "payment.paid");
    }

    [Fact]
    public void Cancel_closes_what_nobody_paid()
    {
        var step = Pending.Accept(new PaymentInput.Cancel("key_1"));
        step.Types().Should().Equal("payment.canceled");
        step.Payment.Status.Should().Be(PaymentStatus.Canceled);
    }

    [Fact]
    public void Money_on_a_closed_payment_is_told_and_left_to_a_person()
    {
        Canceled.See(1, Money(100, block: 1)).Types().Should().Equal("payment.late_transfer");
        Expired.See(1, Money(100, block: 1, minute: 121)).Types().Should().Equal("payment.late_transfer");
        Expired.See(1, Money(99, block: 1, minute: 70)).Types().Should().Equal("payment.late_transfer");
        Fulfilment.Of(Canceled.See(1, Money(100, block: 1)).Payment).Should().Be(
            new Fulfilment("review", "funds_on_closed_payment"));
    }

    [Fact]
    public void Money_within_the_late_window_pays_an_expired_payment()
    {
        var step = Expired.See(1, Money(100, block: 1, minute: 120));
        step.Types().Should().Equal("payment.late_transfer", "payment.paid");
        (step.Payment.Status, step.Payment.Late).Should().Be((PaymentStatus.Paid, true));
    }

    [Fact]
    public void Accepting_pays_with_what_came_and_confirms_when_it_is_final()
    {
        var accepted = Partial.Resolve(ResolutionAction.Accept).Should().BeOfType<Decision.Accepted>().Subject;
        accepted.Types().Should().Equal("payment.paid");
        (accepted.Payment.Status, accepted.Payment.Due).Should().Be((PaymentStatus.Paid, 40));

        var final = Partial with { Head = 3 };
        final.Resolve(ResolutionAction.Accept).Should().BeOfType<Decision.Accepted>().Subject.Types()
            .Should().Equal("payment.paid", "payment.confirmed");
    }

    [Fact]
    public void Dismissing_leaves_a_closed_payment_closed()
    {
        var late = Canceled.See(1, Money(100, block: 1)).Payment;
        var step = late.Resolve(ResolutionAction.Dismiss).Should().BeOfType<Decision.Accepted>().Subject;
        step.Types().Should().Equal("payment.resolved");
        step.Payment.Status.Should().Be(PaymentStatus.Canceled);
        Fulfilment.Of(step.Payment).Should().Be(new Fulfilment("stop", "dismissed"));
    }

    [Fact]
    public void A_deep_reorganisation_never_takes_confirmed_back()
    {
        var step = Confirmed.See(9);
        step.Types().Should().Equal("payment.finality_violated");
        step.Payment.Status.Should().Be(PaymentStatus.Confirmed);
        Fulfilment.Of(step.Payment).Should().Be(new Fulfilment("stop", "finality_violated"));
        step.Payment.See(9, Money(100, block: 8)).Types().Should().Equal("payment.amount_changed");
    }
}
