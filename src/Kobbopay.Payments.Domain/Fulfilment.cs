using System.Numerics;

namespace Kobbopay.Payments.Domain;

/// <summary>Whether to hand over the goods, and why (contracts.md, section 2).</summary>
/// <param name="Decision"><c>wait</c>, <c>fulfil</c>, <c>review</c> or <c>stop</c>.</param>
/// <param name="Reason">A documented code.</param>
public sealed record Fulfilment(string Decision, string Reason)
{
    public static Fulfilment Of(Payment payment) =>
        Of(payment, payment.Received, payment.Final, payment.Outcome);

    /// <summary>For a payment whose transfers are not at hand, but what they come to is.</summary>
    public static Fulfilment Of(Payment payment, BigInteger received, BigInteger final, PaymentOutcome outcome) =>
        payment.Status switch
        {
            PaymentStatus.Pending when received.IsZero => new("wait", "not_paid"),
            PaymentStatus.Pending => new("wait", "partially_paid"),
            PaymentStatus.Paid => new("wait", "awaiting_confirmations"),
            PaymentStatus.Confirmed when received < payment.Due => new("stop", "finality_violated"),
            // Mined anew after a deep reorganisation: it was final once, and is not at this moment.
            PaymentStatus.Confirmed when final < payment.Due => new("wait", "awaiting_confirmations"),
            PaymentStatus.Confirmed when payment.AcceptedAmount is not null => new("fulfil", "accepted"),
            PaymentStatus.Confirmed => Confirmed(payment, outcome),
            _ when payment.Resolution is { Action: ResolutionAction.Dismiss } => new("stop", "dismissed"),
            _ when !received.IsZero => new("review", "funds_on_closed_payment"),
            PaymentStatus.Expired => new("stop", "expired"),
            _ => new("stop", "canceled"),
        };

    /// <summary>What is unusual about a final payment; the merchant's rules tell whether that needs a person.</summary>
    private static Fulfilment Confirmed(Payment payment, PaymentOutcome outcome)
    {
        var review = payment.Terms.Review;
        var under = outcome == PaymentOutcome.Under;
        var over = outcome == PaymentOutcome.Over;
        if (payment.Late && review.HasFlag(ReviewRules.Late))
            return new("review", "paid_late");
        if (under && review.HasFlag(ReviewRules.Underpaid))
            return new("review", "within_tolerance");
        if (over && review.HasFlag(ReviewRules.Overpaid))
            return new("review", "overpaid");
        if (payment.Late)
            return new("fulfil", "paid_late");
        return new("fulfil", under ? "within_tolerance" : over ? "overpaid" : "confirmed");
    }
}
