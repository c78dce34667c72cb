namespace Kobbopay.Client;

/// <summary>What a currency is on a network.</summary>
public sealed record PaymentAsset
{
    /// <summary>The token's contract; null for a network's own coin and on the simulated network.</summary>
    public string? Contract { get; init; }

    /// <summary>How many decimals an amount may have.</summary>
    public required int Decimals { get; init; }
}

/// <summary>Whether to hand over the goods; decided from the policy that was copied onto the payment.</summary>
public sealed record Fulfilment
{
    /// <summary>One of <see cref="FulfilmentDecisions"/>. Take one that you do not know for <c>wait</c>.</summary>
    public required string Decision { get; init; }

    /// <summary>Why, as a code, such as <c>awaiting_confirmations</c>.</summary>
    public required string Reason { get; init; }
}

/// <summary>Whether what watches the chain keeps up.</summary>
public sealed record PaymentDetection
{
    /// <summary>The network can't be read right now, or is behind: the payment may have been paid already.</summary>
    public required bool Delayed { get; init; }
}

/// <summary>One transfer to the payment's address.</summary>
public sealed record PaymentTransfer
{
    /// <summary>The transfer's id, <c>trf_...</c>: it stays when a reorganisation moves the transaction.</summary>
    public required string Id { get; init; }

    /// <summary>The transaction, to find it in any explorer.</summary>
    public required string TxHash { get; init; }

    /// <summary>What was transferred.</summary>
    public required Amount Amount { get; init; }

    /// <summary>The block that holds it.</summary>
    public required long BlockNumber { get; init; }

    /// <summary>That block's hash.</summary>
    public required string BlockHash { get; init; }

    /// <summary>The block that holds a transfer is its first.</summary>
    public required int Confirmations { get; init; }

    /// <summary>Whether its block is of the payment's window.</summary>
    public required bool OnTime { get; init; }

    /// <summary>False once the chain has dropped it; null inside of a payment, which shows canonical ones
    /// only.</summary>
    public bool? Canonical { get; init; }
}

/// <summary>One change of a payment; the newest comes first.</summary>
public sealed record TimelineStep
{
    /// <summary>The payment's version that it made.</summary>
    public required int Version { get; init; }

    /// <summary>The event's type, such as <c>payment.paid</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The status before; null for the creation.</summary>
    public string? From { get; init; }

    /// <summary>The status after.</summary>
    public required string To { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>After a reorganisation: the block that held the money.</summary>
    public string? OldBlockHash { get; init; }

    /// <summary>After a reorganisation: the block in its place.</summary>
    public string? NewBlockHash { get; init; }

    /// <summary>Who asked for it, when somebody did.</summary>
    public string? Actor { get; init; }

    /// <summary>The reason they gave.</summary>
    public string? Reason { get; init; }
}
