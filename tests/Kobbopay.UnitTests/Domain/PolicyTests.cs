using System.Numerics;
using CsCheck;
using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>Tolerance and review: what a merchant has set, on every payment there can be.</summary>
public sealed class PolicyTests
{
    [Theory]
    [InlineData(199, 100, 50, 1)]
    [InlineData(100_000, 100, 50, 50)]
    [InlineData(99, 100, 50, 0)]
    [InlineData(100, 0, 50, 0)]
    [InlineData(100, 500, 0, 0)]
    [InlineData(100, 10_000, 1_000, 99)]
    [InlineData(1, 10_000, 1_000, 0)]
    public void The_tolerance_is_a_share_rounded_down_and_capped(int amount, int basisPoints, int cap, int tolerance)
    {
        PaymentTerms.ToleranceOf(amount, basisPoints, cap).Should().Be(tolerance);
    }

    [Fact]
    public void The_tolerance_is_the_most_that_share_and_cap_allow_and_something_always_has_to_come()
    {
        var amounts = Gen.Byte.Array[1, 30].Select(bytes => new BigInteger(bytes, isUnsigned: true) + 1);
        Gen.Select(amounts, Gen.Int[0, 10_000], amounts).Sample((amount, basisPoints, cap) =>
        {
            bool Allowed(BigInteger tolerance) =>
                tolerance * 10_000 <= amount * basisPoints && tolerance <= cap && tolerance < amount;
            var tolerance = PaymentTerms.ToleranceOf(amount, basisPoints, cap);
            return tolerance.Sign >= 0 && Allowed(tolerance) && !Allowed(tolerance + 1);
        });
    }

    [Theory]
    [InlineData(100, 30, ReviewRules.None, "fulfil", "confirmed")]
    [InlineData(100, 30, ReviewRules.Late | ReviewRules.Overpaid | ReviewRules.Underpaid, "fulfil", "confirmed")]
    [InlineData(95, 30, ReviewRules.None, "fulfil", "within_tolerance")]
    [InlineData(95, 30, ReviewRules.Underpaid, "review", "within_tolerance")]
    [InlineData(95, 30, ReviewRules.Late | ReviewRules.Overpaid, "fulfil", "within_tolerance")]
    [InlineData(120, 30, ReviewRules.None, "fulfil", "overpaid")]
    [InlineData(120, 30, ReviewRules.Overpaid, "review", "overpaid")]
    [InlineData(100, 70, ReviewRules.None, "fulfil", "paid_late")]
    [InlineData(100, 70, ReviewRules.Late, "review", "paid_late")]
    [InlineData(120, 70, ReviewRules.Overpaid, "review", "overpaid")]
    [InlineData(120, 70, ReviewRules.Late | ReviewRules.Overpaid, "review", "paid_late")]
    public void What_is_unusual_is_reviewed_where_the_merchant_wants_it(
        int amount, int minute, ReviewRules rules, string decision, string reason)
    {
        var payment = Pending with { Terms = Terms with { Tolerance = 10, Review = rules } };
        var final = payment.See(3, Money(amount, block: 1, minute)).Payment;
        final.Status.Should().Be(PaymentStatus.Confirmed);
        Fulfilment.Of(final).Should().Be(new Fulfilment(decision, reason));
    }

    [Fact]
    public void Goods_leave_only_for_final_money_that_still_stands() => Histories.All.Sample(history =>
    {
        foreach (var payment in history.Live().Select(step => step.Decision).OfType<Decision.Accepted>()
            .Select(accepted => accepted.Payment))
        {
            var decision = Fulfilment.Of(payment).Decision;
            if (decision == "fulfil")
                (payment.Status, payment.Final >= payment.Due).Should().Be((PaymentStatus.Confirmed, true));
            if (payment.Status is PaymentStatus.Pending or PaymentStatus.Paid)
                decision.Should().Be("wait");
            if (payment.FinalityViolated)
                decision.Should().Be("stop");
        }
    });
}
