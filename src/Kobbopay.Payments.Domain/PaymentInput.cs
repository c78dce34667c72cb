namespace Kobbopay.Payments.Domain;

/// <summary>Everything that can happen to a payment after it is created.</summary>
public abstract record PaymentInput
{
    /// <summary>
    /// A scan: the transfers that the canonical chain holds for this payment now, all of them, at this height. What
    /// came, went or moved follows from the difference, so the result does not depend on the order of arrival.
    /// </summary>
    /// <param name="Finalized">Height of the newest block that the network calls finalized; null for none yet.</param>
    public sealed record ChainSeen(
        IReadOnlyList<Transfer> Transfers, long Head, Reorg? Reorg = null, long? Finalized = null) : PaymentInput
    {
        /// <summary>
        /// The height that confirmations are counted from. Where finality is asked for it is never so far above the
        /// finalized block that a later block's transfer has its last confirmation.
        /// </summary>
        internal long HeadFor(PaymentTerms terms) => terms.NeedsFinality
            ? Math.Min(Head, (Finalized ?? -1) + terms.RequiredConfirmations - 1)
            : Head;
    }

    /// <summary>The network's cursor has reached this block time, with every finding up to it taken in.</summary>
    public sealed record ChainTimeReached(DateTimeOffset BlockTime) : PaymentInput;

    /// <param name="Actor">Who wants it, for the timeline.</param>
    public sealed record Cancel(string Actor) : PaymentInput;

    public sealed record Resolve(Resolution Resolution) : PaymentInput;
}

/// <summary>What the lifecycle makes of an input.</summary>
public abstract record Decision
{
    /// <summary>The next payment. No events: only progress, such as one more confirmation.</summary>
    public sealed record Accepted(Payment Payment, IReadOnlyList<PaymentEvent> Events) : Decision;

    /// <summary>The input does not apply to a payment in this state.</summary>
    public sealed record Rejected(string Code) : Decision;
}

/// <summary>Why the lifecycle rejects; the first two are problem codes of contracts.md, section 1.</summary>
public static class RejectionCodes
{
    public const string NotCancelable = "payment_not_cancelable";
    public const string NotResolvable = "payment_not_resolvable";
    public const string NotExpirable = "payment_not_expirable";
}
