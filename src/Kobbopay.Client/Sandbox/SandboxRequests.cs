using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>What the payer sends; without anything it is what the chain still lacks.</summary>
public sealed record SandboxPayRequest
{
    /// <summary>How much.</summary>
    public Amount? Amount { get; init; }

    /// <summary>Another currency of the network: the payer who sends the wrong token.</summary>
    public string? Currency { get; init; }

    /// <summary>Instead of the amount: several transfers in one transaction.</summary>
    public IReadOnlyList<Amount>? Transfers { get; init; }

    /// <summary>False leaves the transaction waiting for the next block.</summary>
    public bool? Mine { get; init; }
}

/// <summary>Replaces the newest blocks by as many others.</summary>
public sealed record SandboxReorgRequest
{
    /// <summary>How many: 1 to 100.</summary>
    public required int Depth { get; init; }

    /// <summary>Whether all of their transactions are gone for good; otherwise they are mined again.</summary>
    [JsonIgnore]
    public bool DropAll { get; init; }

    /// <summary>Or the hashes of those that are gone for good.</summary>
    [JsonIgnore]
    public IReadOnlyList<string>? Drop { get; init; }
}
