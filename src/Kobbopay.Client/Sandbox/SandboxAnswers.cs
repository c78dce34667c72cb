using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>A block of the simulated chain.</summary>
public sealed record SandboxBlock
{
    /// <summary>Its number.</summary>
    public required long Number { get; init; }

    /// <summary>Its hash.</summary>
    public required string Hash { get; init; }

    /// <summary>Its time, by the sandbox's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The hash of the block before; null where only the head is named.</summary>
    public string? ParentHash { get; init; }

    /// <summary>How many transfers it holds; null where only the head is named.</summary>
    public int? TransferCount { get; init; }
}

/// <summary>What the payer has sent.</summary>
public sealed record SandboxPayment
{
    /// <summary>The payment.</summary>
    [JsonPropertyName("payment_id")]
    public required string PaymentId { get; init; }

    /// <summary>The transaction.</summary>
    public required string TxHash { get; init; }

    /// <summary>What was sent, in all.</summary>
    public required Amount Amount { get; init; }

    /// <summary>In which currency.</summary>
    public required string Currency { get; init; }

    /// <summary>On which network.</summary>
    public required string Network { get; init; }

    /// <summary>To which address.</summary>
    public required string Address { get; init; }

    /// <summary>The amount of each transfer.</summary>
    public required IReadOnlyList<Amount> Transfers { get; init; }

    /// <summary>The new head; null when nothing was mined.</summary>
    public SandboxBlock? Block { get; init; }
}

/// <summary>Blocks that were mined.</summary>
public sealed record SandboxMined
{
    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary>How many.</summary>
    public required int Blocks { get; init; }

    /// <summary>The newest block.</summary>
    public required SandboxBlock Head { get; init; }
}

/// <summary>Blocks that were replaced.</summary>
public sealed record SandboxReorg
{
    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary>How many.</summary>
    public required int Depth { get; init; }

    /// <summary>The newest block.</summary>
    public required SandboxBlock Head { get; init; }
}

/// <summary>How what watches the chain behaves.</summary>
public sealed record SandboxProvider
{
    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary><c>ok</c>, <c>delay</c> or <c>fail</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>When it is <c>ok</c> again by itself.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The newest block, whether or not the provider shows it.</summary>
    public SandboxBlock? Head { get; init; }
}

/// <summary>The sandbox's clock.</summary>
public sealed record SandboxClock
{
    /// <summary>What it shows.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>How far it is ahead of the real one.</summary>
    public required long OffsetSeconds { get; init; }

    /// <summary>After an advance: the block that was mined.</summary>
    public SandboxBlock? Head { get; init; }
}

/// <summary>A transfer on the simulated chain.</summary>
public sealed record SandboxTransfer
{
    /// <summary>The transaction.</summary>
    public required string TxHash { get; init; }

    /// <summary>Its place in the block.</summary>
    public int? LogIndex { get; init; }

    /// <summary>The block that holds it; null while it waits.</summary>
    public long? BlockNumber { get; init; }

    /// <summary>That block's hash.</summary>
    public string? BlockHash { get; init; }

    /// <summary>The token's contract.</summary>
    public string? Contract { get; init; }

    /// <summary>The currency; null for a token that is none of the network's.</summary>
    public string? Currency { get; init; }

    /// <summary>What was transferred.</summary>
    public required Amount Amount { get; init; }

    /// <summary>To which address.</summary>
    public required string Address { get; init; }

    /// <summary>The payment that the address belongs to.</summary>
    [JsonPropertyName("payment_id")]
    public string? PaymentId { get; init; }
}
