namespace Kobbopay.Client;

/// <summary>Where a merchant's events are sent to.</summary>
public record WebhookEndpoint
{
    /// <summary>Its id, <c>whe_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>test</c> or <c>live</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>Where the events go.</summary>
    public required string Url { get; init; }

    /// <summary>The types that are sent: by name, <c>payment.*</c>, or <c>*</c>.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>The merchant's own words.</summary>
    public string? Description { get; init; }

    /// <summary><c>none</c>, or <c>per_payment</c>.</summary>
    public required string Ordering { get; init; }

    /// <summary>Whether <c>X-Signature</c> is sent too.</summary>
    public required bool BodySignature { get; init; }

    /// <summary>Requests per second at most; null for no limit.</summary>
    public int? RateLimit { get; init; }

    /// <summary>The merchant's own headers; their values are never shown again.</summary>
    public required IReadOnlyList<string> HeaderNames { get; init; }

    /// <summary>While the old and the new secret are both valid.</summary>
    public WebhookSecretRotation? SecretRotation { get; init; }

    /// <summary><c>enabled</c> or <c>disabled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Why it is disabled.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A webhook endpoint with its new secret, which is shown this once. <see cref="object.ToString"/> does not
/// tell it.</summary>
public sealed record WebhookEndpointWithSecret : WebhookEndpoint
{
    /// <summary>The secret, <c>whsec_...</c>. Null when this is the repetition of a request whose answer has been given
    /// already (<see cref="SecretAlreadyShown"/>): if that answer was lost, rotate with no overlap.</summary>
    public string? Secret { get; init; }

    /// <summary>Whether the secret was in an earlier answer, and is in none any more.</summary>
    public bool SecretAlreadyShown { get; init; }

    /// <summary>After a rotation: until when the old secret is valid too.</summary>
    public DateTimeOffset? OverlapUntil { get; init; }

    /// <summary>The id alone: a log is no place for a secret.</summary>
    public override string ToString() => $"{nameof(WebhookEndpointWithSecret)} {Id}";
}

/// <summary>A rotation that is under way.</summary>
public sealed record WebhookSecretRotation
{
    /// <summary>Until when both secrets are valid.</summary>
    public required DateTimeOffset OverlapUntil { get; init; }
}
