namespace Kobbopay.Client;

/// <summary>One currency on one network that payments can be made for.</summary>
public sealed record Rail
{
    /// <summary>For <see cref="CreatePaymentRequest.Network"/>.</summary>
    public required string Network { get; init; }

    /// <summary>For people.</summary>
    public required string NetworkName { get; init; }

    /// <summary>For <see cref="CreatePaymentRequest.Currency"/>.</summary>
    public required string Currency { get; init; }

    /// <summary><c>simulator</c> or <c>evm</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The token's contract; null for what has none.</summary>
    public string? Contract { get; init; }

    /// <summary>How many decimals an amount may have.</summary>
    public required int Decimals { get; init; }

    /// <summary>The least that a payment may ask for.</summary>
    public required Amount Minimum { get; init; }

    /// <summary>The most.</summary>
    public required Amount Maximum { get; init; }

    /// <summary>How many make a payment Confirmed.</summary>
    public required int RequiredConfirmations { get; init; }

    /// <summary>The network's number among EVM networks; null elsewhere.</summary>
    public long? ChainId { get; init; }

    /// <summary><c>enabled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Not yet run against a real node of this network.</summary>
    public required bool Experimental { get; init; }
}
