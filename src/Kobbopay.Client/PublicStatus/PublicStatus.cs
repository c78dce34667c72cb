namespace Kobbopay.Client;

/// <summary>What a payer may see of a payment: no ids, no order, nothing of other payments.</summary>
public sealed record PublicStatus
{
    /// <summary><c>test</c> or <c>live</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>The merchant's display name.</summary>
    public required string Merchant { get; init; }

    /// <summary>What the payment asks for.</summary>
    public required Amount Amount { get; init; }

    /// <summary>The currency's code.</summary>
    public required string Currency { get; init; }

    /// <summary>The network's name in the interface.</summary>
    public required string Network { get; init; }

    /// <summary>The network's name for people.</summary>
    public required string NetworkName { get; init; }

    /// <summary>The token's contract; null for what has none.</summary>
    public string? Contract { get; init; }

    /// <summary>Where to send the money.</summary>
    public required string Address { get; init; }

    /// <summary>The same as a link that wallets open.</summary>
    public required string PaymentUri { get; init; }

    /// <summary>One of <see cref="PaymentStatuses"/>, or one that came later.</summary>
    public required string Status { get; init; }

    /// <summary>One of <see cref="PaymentOutcomes"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Whether the money came after the window and was accepted.</summary>
    public required bool Late { get; init; }

    /// <summary>What has been seen.</summary>
    public required Amount Received { get; init; }

    /// <summary>What is still missing.</summary>
    public required Amount Missing { get; init; }

    /// <summary>How many the payment has.</summary>
    public required int Confirmations { get; init; }

    /// <summary>How many it needs.</summary>
    public required int Required { get; init; }

    /// <summary>The network can't be read right now, or is behind.</summary>
    public required bool Delayed { get; init; }

    /// <summary>Until when a transfer is on time.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The server's clock, for a countdown.</summary>
    public required DateTimeOffset ServerTime { get; init; }

    /// <summary>One plain sentence for the payer.</summary>
    public required string Guidance { get; init; }

    /// <summary>Where to go afterwards.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>What has been seen.</summary>
    public required IReadOnlyList<PublicTransfer> Transfers { get; init; }
}

/// <summary>A transfer as a payer sees it.</summary>
public sealed record PublicTransfer
{
    /// <summary>The transaction.</summary>
    public required string TxHash { get; init; }

    /// <summary>Where to look at it.</summary>
    public string? ExplorerUrl { get; init; }

    /// <summary>What was transferred.</summary>
    public required Amount Amount { get; init; }

    /// <summary>How many it has.</summary>
    public required int Confirmations { get; init; }
}
