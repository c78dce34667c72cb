namespace Kobbopay.Client;

/// <summary>A new API key, with no scope that the key which asks for it lacks.</summary>
public sealed record CreateApiKeyRequest
{
    /// <summary>What it is for.</summary>
    public required string Label { get; init; }

    /// <summary>What it opens: <see cref="ApiKeyScopes"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The addresses and ranges (CIDR) that may use it; null for all.</summary>
    public IReadOnlyList<string>? AllowedIps { get; init; }
}
