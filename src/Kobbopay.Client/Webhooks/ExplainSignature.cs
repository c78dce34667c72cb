namespace Kobbopay.Client;

/// <summary>What a receiver got whose signature does not verify.</summary>
public sealed record ExplainSignatureRequest
{
    /// <summary>All headers that were received.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>The body as text.</summary>
    public string? Body { get; init; }

    /// <summary>Instead: the body's exact bytes, in base64.</summary>
    public string? BodyBase64 { get; init; }

    /// <summary>When; now unless given.</summary>
    public DateTimeOffset? ReceivedAt { get; init; }

    /// <summary>The endpoint that the receiver stands for; any of the merchant's unless given.</summary>
    public string? EndpointId { get; init; }
}

/// <summary>What is wrong with one signature header.</summary>
public record SignatureFinding
{
    /// <summary>What is wrong, as a code, such as <c>body_reserialized</c>; <c>valid</c> when nothing is.</summary>
    public required string Verdict { get; init; }

    /// <summary>The same for people.</summary>
    public required string Explanation { get; init; }

    /// <summary>The signature header that was looked at.</summary>
    public string? Header { get; init; }

    /// <summary>The header that is at fault.</summary>
    public string? FaultyHeader { get; init; }

    /// <summary>Whether the signature is right.</summary>
    public required bool SignatureMatches { get; init; }

    /// <summary>Whose secret it is.</summary>
    public string? EndpointId { get; init; }

    /// <summary>Which of that endpoint's secrets: <c>current</c>, <c>next</c> or <c>previous</c>. Never the secret
    /// itself.</summary>
    public string? Secret { get; init; }

    /// <summary>How old the signature is; negative when it is ahead.</summary>
    public long? AgeSeconds { get; init; }

    /// <summary>How the body differs from what was sent, as a code.</summary>
    public string? BodyDifference { get; init; }
}

/// <summary>The first finding that is not valid, and all of them.</summary>
public sealed record SignatureExplanation : SignatureFinding
{
    /// <summary>A finding for each signature header.</summary>
    public required IReadOnlyList<SignatureFinding> Signatures { get; init; }
}
