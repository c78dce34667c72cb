using System.Numerics;

namespace Kobbopay.Payments.Domain;

/// <summary>
/// What was agreed when the payment was created, the merchant's policies of that moment included: a later change of a
/// setting never changes a payment that stands. Amounts are base units.
/// </summary>
public sealed record PaymentTerms
{
    public required BigInteger Amount { get; init; }

    /// <summary>How much may be missing for the amount to be taken as paid.</summary>
    public required BigInteger Tolerance { get; init; }

    /// <summary>Confirmations that make a transfer final; the block that holds it is the first.</summary>
    public required int RequiredConfirmations { get; init; }

    /// <summary>
    /// And its block has to be one that the network calls finalized, however many have followed it.
    /// </summary>
    public bool NeedsFinality { get; init; }

    /// <summary>How long after expiry money still pays an expired payment; zero accepts nothing late.</summary>
    public required TimeSpan LateWindow { get; init; }

    /// <summary>Outcomes that a person looks at before the goods leave.</summary>
    public ReviewRules Review { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>
    /// The smaller of a share in basis points, rounded down, and an absolute cap; never all of the amount, so that
    /// nothing is paid by nothing.
    /// </summary>
    public static BigInteger ToleranceOf(BigInteger amount, int basisPoints, BigInteger cap) =>
        BigInteger.Min(BigInteger.Min(amount * basisPoints / 10_000, cap), amount - 1);
}

/// <summary>What is to be reviewed although it is paid.</summary>
[Flags]
public enum ReviewRules
{
    None = 0,

    /// <summary>Paid with money that came after expiry.</summary>
    Late = 1,

    /// <summary>More than the amount.</summary>
    Overpaid = 2,

    /// <summary>Less than the amount, within the tolerance.</summary>
    Underpaid = 4,
}
