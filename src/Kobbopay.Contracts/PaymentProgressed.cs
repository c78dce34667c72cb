namespace Kobbopay.Contracts;

/// <summary>
/// Confirmations or delay changed without a transition: no event, no webhook, only fresher public views, batched per
/// block.
/// </summary>
public sealed record PaymentProgressed(IReadOnlyList<PublicPayment> Payments)
{
    /// <summary>Views in one message at most.</summary>
    public const int BatchLimit = 100;
}
