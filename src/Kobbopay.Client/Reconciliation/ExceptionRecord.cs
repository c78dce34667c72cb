using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>A matter that a person has to look at, such as final money that a chain took back.</summary>
public sealed record ExceptionRecord
{
    /// <summary>Its id, <c>exc_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>finality_violated</c>, <c>missed_transfer</c>, or one that came later.</summary>
    public required string Kind { get; init; }

    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The payment that it is about.</summary>
    [JsonPropertyName("payment_id")]
    public required string PaymentId { get; init; }

    /// <summary>That payment's order.</summary>
    public required string OrderId { get; init; }

    /// <summary>What was found; its fields depend on the kind.</summary>
    public required JsonElement Detail { get; init; }

    /// <summary>When it was found.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>When somebody closed it.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Who did.</summary>
    public string? ClosedBy { get; init; }

    /// <summary>The reason they gave.</summary>
    public string? CloseReason { get; init; }
}
