using System.Numerics;
using Kobbopay.Payments.Domain;

namespace Kobbopay.Payments;

/// <summary>
/// What a payment shows of its canonical transfers: the newest of them, and what all of them add up to. One that was
/// paid by ten thousand is read and shown like one that was paid by two.
/// </summary>
/// <param name="Final">The part that has its confirmations.</param>
/// <param name="Newest">At most <see cref="PaymentJson.TransfersShown"/>, the newest block first.</param>
public sealed record TransferSummary(
    BigInteger Received,
    BigInteger Final,
    int Confirmations,
    PaymentOutcome Outcome,
    int Count,
    IReadOnlyList<Transfer> Newest)
{
    public static TransferSummary Of(Payment payment) => new(
        payment.Received,
        payment.Final,
        payment.Confirmations,
        payment.Outcome,
        payment.Transfers.Count,
        NewestOf(payment.Transfers));

    public static IReadOnlyList<Transfer> NewestOf(IEnumerable<Transfer> transfers) =>
    [
        .. transfers.OrderByDescending(transfer => transfer.BlockNumber).ThenByDescending(transfer => transfer.Id)
            .Take(PaymentJson.TransfersShown),
    ];
}

/// <summary>A payment as it is read to be shown.</summary>
/// <param name="State">Without its transfers: what they come to is <paramref name="Transfers"/>.</param>
public sealed record PaymentView(
    PaymentDetails Details, Payment State, TransferSummary Transfers, int Progress, bool Delayed);
