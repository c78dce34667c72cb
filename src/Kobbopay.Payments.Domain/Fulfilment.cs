namespace Kobbopay.Payments.Domain;

/// <summary>Whether to hand over the goods, and why (contracts.md, section 2).</summary>
/// <param name="Decision"><c>wait</c>, <c>fulfil</c>, <c>review</c> or <c>stop</c>.</param>
/// <param name="Reason">A documented code.</param>
public sealed record Fulfilment(string Decision, string Reason)
{
    public static Fulfilment Of(Payment payment) => payment.Status switch
    {
        PaymentStatus.Pending when payment.Received.IsZero => new("wait", "not_paid"),
        PaymentStatus.Pending => new("wait", "partially_paid"),
        PaymentStatus.Paid => new("wait", "awaiting_confirmations"),
        PaymentStatus.Confirmed when payment.FinalityViolated => new("stop", "finality_violated"),
        PaymentStatus.Confirmed when payment.AcceptedAmount is not null => new("fulfil", "accepted"),
        PaymentStatus.Confirmed when payment.Late => new("fulfil", "paid_late"),
        PaymentStatus.Confirmed => payment.Outcome switch
        {
            PaymentOutcome.Under => new("fulfil", "within_tolerance"),
            PaymentOutcome.Over => new("fulfil", "overpaid"),
            _ => new("fulfil", "confirmed"),
        },
        _ when payment.Resolution is { Action: ResolutionAction.Dismiss } => new("stop", "dismissed"),
        _ when !payment.Received.IsZero => new("review", "funds_on_closed_payment"),
        PaymentStatus.Expired => new("stop", "expired"),
        _ => new("stop", "canceled"),
    };
}
