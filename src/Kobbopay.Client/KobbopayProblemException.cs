namespace Kobbopay.Client;

/// <summary>
/// The server, or something on the way to it, has answered with a refusal. A network failure is an
/// <see cref="HttpRequestException"/> instead, and a timeout a <see cref="TaskCanceledException"/> with an inner
/// <see cref="TimeoutException"/>, as they are of every <see cref="HttpClient"/>; all of them after the retries.
/// </summary>
public class KobbopayProblemException : Exception
{
    internal KobbopayProblemException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>The HTTP status. 2xx when the answer could not be read.</summary>
    public required int Status { get; init; }

    /// <summary>What went wrong: one of <see cref="KobbopayProblemCodes"/>, or one that came later. Null when the
    /// answer was no problem of the interface's, as from a proxy in between.</summary>
    public string? Code { get; init; }

    /// <summary>What the code means, for people.</summary>
    public string? Title { get; init; }

    /// <summary>What is wrong in this case, for people.</summary>
    public string? Detail { get; init; }

    /// <summary>What support needs to find the request.</summary>
    public string? RequestId { get; init; }

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    public bool Retryable { get; init; }

    /// <summary>How long to wait before that, when the answer told.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The fields that are at fault; empty when none is named.</summary>
    public IReadOnlyList<KobbopayProblemField> Errors { get; init; } = [];

    /// <summary>The payment that stands in the way, as with <c>order_already_paid</c>.</summary>
    public string? PaymentId { get; init; }

    /// <summary>The page of that payment.</summary>
    public string? PublicStatusUrl { get; init; }
}

/// <summary>A field that is at fault.</summary>
public sealed record KobbopayProblemField
{
    /// <summary>A JSON pointer into the body, such as <c>/amount</c>; <c>?name</c> for a query parameter.</summary>
    public required string Pointer { get; init; }

    /// <summary>What is wrong with it, as a code.</summary>
    public string? Code { get; init; }

    /// <summary>What is wrong with it, for people.</summary>
    public string? Message { get; init; }
}

/// <summary>
/// The events behind the cursor are not kept any more (410 <c>cursor_expired</c>): what lies between it and
/// <see cref="OldestSequence"/> has to be read from the payments themselves.
/// </summary>
public sealed class KobbopayCursorExpiredException : KobbopayProblemException
{
    internal KobbopayCursorExpiredException(string message)
        : base(message)
    {
    }

    /// <summary>The first event that is left: go on with <c>after: OldestSequence - 1</c>.</summary>
    public required long OldestSequence { get; init; }
}

/// <summary>
/// The feed does not go on where it ended, which it always does: it is another feed than the cursor's (a key of another
/// merchant or environment), or something in between loses events. Nothing is skipped silently.
/// </summary>
public sealed class KobbopayFeedGapException : Exception
{
    internal KobbopayFeedGapException(string message)
        : base(message)
    {
    }

    /// <summary>The event that should have come.</summary>
    public required long ExpectedSequence { get; init; }

    /// <summary>The event that came, or the last one of the feed when it ends before the cursor.</summary>
    public required long ActualSequence { get; init; }
}
