namespace Kobbopay.Client.Http;

/// <summary>A call as it is sent, at every attempt the same.</summary>
internal sealed record ApiCall(HttpMethod Method, string Path)
{
    public byte[]? Body { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>How much longer than other calls it may take.</summary>
    public TimeSpan ExtraTime { get; init; }

    /// <summary>Whether it goes without the API key, which a public route has no use for.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Whether its answer is handed on as it comes; otherwise all of it belongs to the attempt.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Where a stream that was cut off goes on.</summary>
    public string? LastEventId { get; init; }

    public override string ToString() => $"{Method} /{Path}";
}
