namespace Kobbopay.Client;

/// <summary>Events that are sent again in the background.</summary>
public sealed record WebhookReplay
{
    /// <summary>Its id, <c>rpl_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>test</c> or <c>live</c>.</summary>
    public required string Environment { get; init; }

    /// <summary>The endpoint that they are sent to.</summary>
    public required string EndpointId { get; init; }

    /// <summary><c>recover</c> or <c>replay_missing</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>From when on.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary><c>running</c>, <c>completed</c> or <c>canceled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>How many deliveries so far.</summary>
    public required long Queued { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}
