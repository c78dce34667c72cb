using CsCheck;
using Kobbopay.Payments.Domain;
using static Kobbopay.UnitTests.Domain.Lives;

namespace Kobbopay.UnitTests.Domain;

/// <summary>Where the policy asks for finality, blocks on top are not enough.</summary>
public sealed class FinalityTests
{
    private static readonly Payment Waiting = Pending with { Terms = Terms with { NeedsFinality = true } };

    [Theory]
    [InlineData(100, null, PaymentStatus.Paid, 0)]
    [InlineData(100, 9L, PaymentStatus.Paid, 2)]
    [InlineData(100, 10L, PaymentStatus.Confirmed, 3)]
    [InlineData(11, 10L, PaymentStatus.Paid, 2)]
    [InlineData(12, 12L, PaymentStatus.Confirmed, 3)]
    public void A_transfer_is_final_when_it_is_finalized_and_deep_enough(
        long head, long? finalized, PaymentStatus status, int confirmations)
    {
        var payment = Waiting.Accept(
            new PaymentInput.ChainSeen([Money(100, block: 10)], head, Finalized: finalized)).Payment;
        (payment.Status, payment.Confirmations).Should().Be((status, confirmations));
    }

    [Fact]
    public void Without_the_policy_nobody_asks_what_is_finalized()
    {
        var seen = new PaymentInput.ChainSeen([Money(100, block: 10)], Head: 12, Finalized: 3);
        Pending.Accept(seen).Payment.Status.Should().Be(PaymentStatus.Confirmed);
    }

    [Fact]
    public void It_is_confirmed_exactly_when_both_hold() =>
        Gen.Select(Gen.Long[0, 200], Gen.Long[0, 200], Gen.Long[-1, 200]).Sample((block, above, finalized) =>
        {
            var head = block + above;
            var payment = Waiting.Accept(
                new PaymentInput.ChainSeen([Money(100, block)], head, Finalized: finalized)).Payment;
            var final = block <= finalized && above + 1 >= Terms.RequiredConfirmations;
            return payment.Status == (final ? PaymentStatus.Confirmed : PaymentStatus.Paid);
        });
}
