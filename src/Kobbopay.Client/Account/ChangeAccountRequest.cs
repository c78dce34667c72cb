using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>A change of the settings: what is null stays as it is.</summary>
public sealed record ChangeAccountRequest
{
    /// <summary>What payers read.</summary>
    public string? DisplayName { get; init; }

    /// <summary><c>unique_open</c> or <c>allow_many</c>.</summary>
    public string? OrderIdPolicy { get; init; }

    /// <summary>How long after expiry money still pays; 0 for never.</summary>
    public int? LateWindowSeconds { get; init; }

    /// <summary>How many hundredths of a percent may be missing.</summary>
    public int? ToleranceBasisPoints { get; init; }

    /// <summary>And how much at the most.</summary>
    public Amount? ToleranceCap { get; init; }

    /// <summary>What a person looks at: <c>late</c>, <c>overpaid</c>, <c>underpaid</c>.</summary>
    public IReadOnlyList<string>? Review { get; init; }

    /// <summary>Where a return URL may lead.</summary>
    public IReadOnlyList<string>? ReturnUrlHosts { get; init; }

    /// <summary>How long a payment is open that does not say itself.</summary>
    public int? DefaultExpirySeconds { get; init; }

    /// <summary>The rails that change.</summary>
    public IReadOnlyList<RailChange>? Rails { get; init; }

    /// <summary>Takes the cap away: the tolerance then goes by the basis points alone.</summary>
    [JsonIgnore]
    public bool RemoveToleranceCap { get; init; }
}

/// <summary>A rail to switch on or off, or to ask more confirmations of.</summary>
public sealed record RailChange
{
    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary>The currency.</summary>
    public required string Currency { get; init; }

    /// <summary>Whether payments can be made for it.</summary>
    public bool? Enabled { get; init; }

    /// <summary>More confirmations than the operator or the rail asks for.</summary>
    public int? OwnConfirmations { get; init; }
}
