using System.Numerics;

namespace Kobbopay.Payments.Domain;

/// <summary>
/// Where a payment stands (contracts.md, section 2). Paid = seen; Confirmed = final; never the same thing.
/// </summary>
public enum PaymentStatus
{
    Pending,
    Paid,
    Confirmed,
    Expired,
    Canceled,
}

/// <summary>How what came compares with what was asked; a fact beside the status.</summary>
public enum PaymentOutcome
{
    None,
    Partial,
    Under,
    Exact,
    Over,
}

/// <summary>
/// A payment as far as its lifecycle goes. Immutable: <see cref="PaymentLifecycle"/> makes the next one.
/// What follows from its parts (due, outcome, fulfilment) is computed, never stored beside them.
/// </summary>
public sealed record Payment
{
    public required PaymentTerms Terms { get; init; }

    public PaymentStatus Status { get; init; } = PaymentStatus.Pending;

    /// <summary>Grows by one with every event.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The transfers in canonical blocks, oldest first.</summary>
    public IReadOnlyList<Transfer> Transfers { get; init; } = [];

    /// <summary>Height of the chain when <see cref="Transfers"/> was last looked at.</summary>
    public long Head { get; init; }

    /// <summary>What a person accepted as enough instead of the amount (<c>resolve accept</c>).</summary>
    public BigInteger? AcceptedAmount { get; init; }

    /// <summary>The status it became Paid from, and goes back to when the chain takes the money away.</summary>
    public PaymentStatus PaidFrom { get; init; } = PaymentStatus.Pending;

    /// <summary>It was paid only with money that came after expiry.</summary>
    public bool Late { get; init; }

    public DateTimeOffset? PaidAt { get; init; }

    public DateTimeOffset? ConfirmedAt { get; init; }

    public DateTimeOffset? RevertedAt { get; init; }

    public Resolution? Resolution { get; init; }

    public BigInteger Due => AcceptedAmount ?? Terms.Amount - Terms.Tolerance;

    public BigInteger Received => SumOf(_ => true);

    /// <summary>The part that has its confirmations.</summary>
    public BigInteger Final => SumOf(transfer => transfer.ConfirmationsAt(Head) >= Terms.RequiredConfirmations);

    public BigInteger ReceivedOnTime => ReceivedBy(Terms.ExpiresAt);

    /// <summary>What is missing to the amount asked, never below zero.</summary>
    public BigInteger Missing => MissingAfter(Received);

    /// <summary>
    /// The confirmations that the whole of what is due has: those of the transfer that completes it, oldest first. It
    /// stops at the required number, where nothing more depends on it; zero while less than due has been seen.
    /// </summary>
    public int Confirmations
    {
        get
        {
            var sum = BigInteger.Zero;
            foreach (var transfer in Transfers.OrderBy(transfer => transfer.BlockNumber))
            {
                sum += transfer.Amount;
                if (sum >= Due)
                    return Math.Min(transfer.ConfirmationsAt(Head), Terms.RequiredConfirmations);
            }

            return 0;
        }
    }

    public PaymentOutcome Outcome => (Received.CompareTo(Terms.Amount), Status) switch
    {
        _ when Received.IsZero => PaymentOutcome.None,
        ( < 0, PaymentStatus.Pending) => PaymentOutcome.Partial,
        ( < 0, _) => PaymentOutcome.Under,
        (0, _) => PaymentOutcome.Exact,
        _ => PaymentOutcome.Over,
    };

    /// <summary>The chain took back money that was final: the status stays, the goods should not leave.</summary>
    public bool FinalityViolated => Status == PaymentStatus.Confirmed && Received < Due;

    public BigInteger MissingAfter(BigInteger received) =>
        BigInteger.Max(BigInteger.Zero, (AcceptedAmount ?? Terms.Amount) - received);

    /// <summary>What was in a block with this timestamp or an earlier one.</summary>
    public BigInteger ReceivedBy(DateTimeOffset time) => SumOf(transfer => transfer.FirstBlockTime <= time);

    private BigInteger SumOf(Func<Transfer, bool> which)
    {
        var sum = BigInteger.Zero;
        foreach (var transfer in Transfers)
        {
            if (which(transfer))
                sum += transfer.Amount;
        }

        return sum;
    }
}

public enum ResolutionAction
{
    Accept,
    Dismiss,
}

/// <summary>A person's decision about money that the rules alone leave open.</summary>
public sealed record Resolution(ResolutionAction Action, string Actor, string Reason);
