namespace Kobbopay.Webhooks.Deliveries;

/// <summary>What one attempt came to, as the merchant may read it.</summary>
/// <param name="StatusCode">Null when there was no answer.</param>
/// <param name="ErrorKind">Null for a success; else one of <see cref="ErrorKinds"/>.</param>
/// <param name="Headers">The answer's headers as a JSON object.</param>
/// <param name="Body">The answer's first 16 KiB.</param>
/// <param name="RetryAfter">What the answer asked for.</param>
/// <param name="AsksToDisable">The answer carries <c>webhook-delivery: disable</c>.</param>
/// <param name="Connect">Null where a connection was there already, or that part was not reached; so the next
/// two.</param>
/// <param name="FirstByte">From sending to the answer's head.</param>
public sealed record Attempt(
    DateTimeOffset StartedAt,
    TimeSpan Latency,
    int? StatusCode,
    string? ErrorKind,
    string? Headers = null,
    byte[]? Body = null,
    bool Truncated = false,
    TimeSpan? RetryAfter = null,
    bool AsksToDisable = false,
    TimeSpan? Connect = null,
    TimeSpan? Tls = null,
    TimeSpan? FirstByte = null)
{
    public const string TimedOut = ErrorKinds.Timeout;

    public bool Succeeded => ErrorKind is null;
}

/// <summary>What becomes of a claimed delivery (contracts.md, section 4). Pure.</summary>
/// <param name="Status">The delivery's status after this; <c>pending</c> goes back to the queue.</param>
/// <param name="DueAt">The time of the next attempt; null for one that keeps its place.</param>
/// <param name="Attempt">Null when none was made: the claim is given back, or its attempts are used up.</param>
/// <param name="DisableReason">Set when the answer disables the endpoint.</param>
public sealed record DeliveryResult(
    ClaimedDelivery Delivery, string Status, DateTimeOffset? DueAt, Attempt? Attempt, string? DisableReason = null)
{
    public const string Pending = "pending";
    public const string Succeeded = "succeeded";
    public const string Exhausted = "exhausted";
    public const string Skipped = "skipped";

    private const int Gone = 410;
    private const int TooManyRequests = 429;

    /// <summary>The claim goes back unused: at shutdown, or when it has waited too long to be sent within its
    /// lease.</summary>
    public static DeliveryResult GiveBack(ClaimedDelivery delivery) => new(delivery, Pending, null, null);

    /// <summary>The sender of the last attempt died, and there is no further one.</summary>
    public static DeliveryResult UsedUp(ClaimedDelivery delivery) => new(delivery, Exhausted, null, null);

    /// <param name="draw">A random number in [0, 1), for the jitter.</param>
    public static DeliveryResult Of(ClaimedDelivery delivery, Attempt attempt, DateTimeOffset now, double draw)
    {
        var disable = delivery.PaymentUrl is not null ? null
            : attempt.StatusCode == Gone ? DisableReasons.Gone
            : attempt.AsksToDisable ? DisableReasons.Asked
            : null;
        if (attempt.Succeeded)
            return new DeliveryResult(delivery, Succeeded, null, attempt, disable);
        if (attempt.StatusCode == Gone || disable is not null)
            return new DeliveryResult(delivery, Exhausted, null, attempt, disable);

        var overloaded = attempt.StatusCode == TooManyRequests || attempt.ErrorKind == Attempt.TimedOut;
        var wait = RetrySchedule.Next(
            delivery.Target.Environment, delivery.AttemptOfRound, attempt.RetryAfter, overloaded, draw);
        return wait is { } time
            ? new DeliveryResult(delivery, Pending, now + time, attempt)
            : new DeliveryResult(delivery, Exhausted, null, attempt);
    }
}
