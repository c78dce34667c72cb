using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>One event to one endpoint, over all its attempts.</summary>
public sealed record WebhookDelivery
{
    /// <summary>Its id, <c>dlv_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>test</c> or <c>live</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>The endpoint, <c>whe_...</c>.</summary>
    public required string EndpointId { get; init; }

    /// <summary>The event, <c>evt_...</c>.</summary>
    public required string EventId { get; init; }

    /// <summary>Its type.</summary>
    public required string EventType { get; init; }

    /// <summary>Its payment; null when it is about none.</summary>
    [JsonPropertyName("payment_id")]
    public string? PaymentId { get; init; }

    /// <summary>Where it goes.</summary>
    public required string Url { get; init; }

    /// <summary>One of <see cref="WebhookDeliveryStatuses"/>, or one that came later.</summary>
    public required string Status { get; init; }

    /// <summary>How many attempts there were.</summary>
    public required int AttemptCount { get; init; }

    /// <summary>When the next one is due.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>When it was filed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>One attempt of a delivery.</summary>
public sealed record WebhookAttempt
{
    /// <summary>Its id, <c>att_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary>1 for the first.</summary>
    public required int Number { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public int? LatencyMs { get; init; }

    /// <summary>Of that: to connect.</summary>
    public int? ConnectMs { get; init; }

    /// <summary>Of that: to agree on TLS.</summary>
    public int? TlsMs { get; init; }

    /// <summary>Of that: to the first byte of the answer.</summary>
    public int? FirstByteMs { get; init; }

    /// <summary><c>succeeded</c>, <c>failed</c>, <c>outcome_unknown</c>, or one that came later.</summary>
    public required string Outcome { get; init; }

    /// <summary>The answer's status.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The cause of a failure, as a code.</summary>
    public string? ErrorKind { get; init; }

    /// <summary>The answer's headers.</summary>
    public IReadOnlyDictionary<string, string>? ResponseHeaders { get; init; }

    /// <summary>The first 16 KiB of the answer.</summary>
    public string? ResponseBody { get; init; }

    /// <summary>Whether there was more.</summary>
    public required bool ResponseTruncated { get; init; }
}
