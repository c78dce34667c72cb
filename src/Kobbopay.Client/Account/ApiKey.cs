namespace Kobbopay.Client;

/// <summary>An API key, without the key.</summary>
public record ApiKey
{
    /// <summary>The key's id, <c>key_...</c>; not the key itself.</summary>
    public required string Id { get; init; }

    /// <summary><c>test</c> or <c>live</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>What it is for, in the merchant's words.</summary>
    public required string Label { get; init; }

    /// <summary>How the key begins.</summary>
    public required string Prefix { get; init; }

    /// <summary>How it ends.</summary>
    public required string Last4 { get; init; }

    /// <summary>What it opens: <see cref="ApiKeyScopes"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The addresses that may use it; null for all.</summary>
    public IReadOnlyList<string>? AllowedIps { get; init; }

    /// <summary><c>active</c>, <c>expired</c>, <c>revoked</c>, or one that came later.</summary>
    public required string Status { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was used last, to within some seconds.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The id of the key that it was rolled to.</summary>
    public string? ReplacedBy { get; init; }
}

/// <summary>A new API key, with the key, which is shown this once. <see cref="object.ToString"/> does not tell
/// it.</summary>
public sealed record NewApiKey : ApiKey
{
    /// <summary>The key. Null when this is the repetition of a request whose answer has been given already
    /// (<see cref="SecretAlreadyShown"/>): if that answer was lost, revoke this one and make another.</summary>
    public string? Key { get; init; }

    /// <summary>Whether the key was in an earlier answer, and is in none any more.</summary>
    public bool SecretAlreadyShown { get; init; }

    /// <summary>The id alone: a log is no place for a secret.</summary>
    public override string ToString() => $"{nameof(NewApiKey)} {Id}";
}
