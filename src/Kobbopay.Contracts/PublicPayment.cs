namespace Kobbopay.Contracts;

/// <summary>
/// What a payer may see of a payment: the closed list of contracts.md, section 5. Payments renders it, PublicStatus
/// shows it; an id, an order or a description can't leak from a service that never receives one.
/// Amounts are exact decimal strings in the currency's unit.
/// </summary>
/// <param name="Token">The public status token, <c>pst_...</c>; the key, not part of what is shown.</param>
/// <param name="Version">The payment's version.</param>
/// <param name="Progress">Grows when confirmations or delay change without a version; never resets.</param>
/// <param name="Setback">One of <see cref="PaymentSetbacks"/>, or null; no field of what is shown.</param>
public sealed record PublicPayment(
    string Token,
    int Version,
    int Progress,
    string Environment,
    string Merchant,
    string Amount,
    string Currency,
    string Network,
    string NetworkName,
    string? Contract,
    string Address,
    string PaymentUri,
    string Status,
    string Outcome,
    bool Late,
    string Received,
    string Missing,
    int Confirmations,
    int Required,
    bool Delayed,
    DateTimeOffset ExpiresAt,
    string? ReturnUrl,
    IReadOnlyList<PublicTransfer> Transfers,
    string? Setback = null)
{
    /// <summary>Views of one payment are ordered by version, then progress, whatever order they arrive in.</summary>
    public bool IsNewerThan(PublicPayment other) => (Version, Progress).CompareTo((other.Version, other.Progress)) > 0;
}

public sealed record PublicTransfer(string TxHash, string? ExplorerUrl, string Amount, int Confirmations);
