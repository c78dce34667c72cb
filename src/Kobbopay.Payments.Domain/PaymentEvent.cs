namespace Kobbopay.Payments.Domain;

/// <summary>One step of a payment's life: what happened, and the whole payment as it was right after.</summary>
/// <param name="Type">The event's public name, <see cref="PaymentEventTypes"/>.</param>
/// <param name="From">The status before; null at creation.</param>
/// <param name="After">The payment at this version: the event's snapshot.</param>
/// <param name="Reorg">The blocks in question when the chain took money away.</param>
/// <param name="By">Who decided it; null when the chain did.</param>
public sealed record PaymentEvent(
    string Type, PaymentStatus? From, Payment After, DateTimeOffset At, Reorg? Reorg = null, Doer? By = null);

/// <summary>
/// A block that left the canonical chain, and the one in its place (none when the chain became shorter).
/// </summary>
public sealed record Reorg(string OldBlockHash, string? NewBlockHash);

/// <summary>Who made a step that no rule makes by itself, and why.</summary>
public sealed record Doer(string Actor, string? Reason = null);

/// <summary>The public names (contracts.md, section 2); none is ever renamed.</summary>
public static class PaymentEventTypes
{
    public const string Created = "payment.created";
    public const string PartiallyPaid = "payment.partially_paid";
    public const string Paid = "payment.paid";
    public const string Confirmed = "payment.confirmed";
    public const string AmountChanged = "payment.amount_changed";
    public const string Reverted = "payment.reverted";
    public const string Expired = "payment.expired";
    public const string Canceled = "payment.canceled";
    public const string LateTransfer = "payment.late_transfer";
    public const string Resolved = "payment.resolved";
    public const string FinalityViolated = "payment.finality_violated";
}
