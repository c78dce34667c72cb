using System.Text.Json;

namespace Kobbopay.Client;

/// <summary>A part of the feed, oldest first.</summary>
public sealed record EventPage
{
    /// <summary>The events.</summary>
    public required IReadOnlyList<KobbopayEvent> Data { get; init; }

    /// <summary>Whether there are more already.</summary>
    public required bool HasMore { get; init; }

    /// <summary>The newest event of the whole feed; 0 when there was none yet.</summary>
    public required long LatestSequence { get; init; }
}

/// <summary>The same before its events are read, each from its own bytes.</summary>
internal sealed record EventPageJson
{
    public required IReadOnlyList<JsonElement> Data { get; init; }

    public required bool HasMore { get; init; }

    public required long LatestSequence { get; init; }
}
