using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>Money that arrived at one of the merchant's addresses and counts for no payment.</summary>
public sealed record UnmatchedTransfer
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it arrived.</summary>
    public required string Network { get; init; }

    /// <summary>Null when the token is none of the network's: <see cref="Contract"/> says which.</summary>
    public string? Currency { get; init; }

    /// <summary>The token's contract; null for what has none.</summary>
    public string? Contract { get; init; }

    /// <summary>A decimal number; base units when <see cref="Decimals"/> is null.</summary>
    public required Amount Amount { get; init; }

    /// <summary>The token's decimals; null when they are unknown.</summary>
    public int? Decimals { get; init; }

    /// <summary>The transaction.</summary>
    public required string TxHash { get; init; }

    /// <summary>The block that holds it.</summary>
    public required long BlockNumber { get; init; }

    /// <summary>That block's hash.</summary>
    public required string BlockHash { get; init; }

    /// <summary>That block's time.</summary>
    public required DateTimeOffset BlockTime { get; init; }

    /// <summary>The address that owns it now.</summary>
    public required string Address { get; init; }

    /// <summary>Why it counts for nothing: <c>wrong_token</c>, <c>wrong_network</c>, <c>zero_value</c>,
    /// <c>second_payment</c>, <c>closed_payment</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>The payment that the address was made for.</summary>
    [JsonPropertyName("payment_id")]
    public required string PaymentId { get; init; }

    /// <summary>False once the chain has dropped it.</summary>
    public required bool Canonical { get; init; }
}
