namespace Kobbopay.Client;

/// <summary>One run of the checks that a merchant's receiver has to pass.</summary>
public sealed record Certification
{
    /// <summary>Its id, <c>crt_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>passed</c> or <c>failed</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The webhook endpoint that was tried.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Its URL.</summary>
    public required string Url { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Each check.</summary>
    public required IReadOnlyList<CertificationCheck> Checks { get; init; }
}

/// <summary>One check of a receiver.</summary>
public sealed record CertificationCheck
{
    /// <summary>Its name in the interface.</summary>
    public required string Name { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Title { get; init; }

    /// <summary><c>passed</c>, <c>failed</c>, or one that came later.</summary>
    public required string Status { get; init; }

    /// <summary>What a right receiver does.</summary>
    public required string Expected { get; init; }

    /// <summary>What this one did.</summary>
    public required string Observed { get; init; }

    /// <summary>How long it took to answer.</summary>
    public int? LatencyMs { get; init; }

    /// <summary>What to change.</summary>
    public string? Advice { get; init; }
}
