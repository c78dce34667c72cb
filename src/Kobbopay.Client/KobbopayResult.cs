namespace Kobbopay.Client;

/// <summary>
/// What a POST was answered, and whether it was done now or before. Converts to the answer itself.
/// </summary>
/// <typeparam name="T">The answer.</typeparam>
/// <param name="Value">The answer.</param>
public sealed record KobbopayResult<T>(T Value)
{
    /// <summary>This idempotency key has done its work before: the answer is that of then, and nothing was done
    /// now. So it is after a retry whose first attempt did arrive.</summary>
    public bool IdempotencyReplayed { get; init; }

    /// <summary>The order has an open payment with the same amount, currency and network, which is this one.</summary>
    public bool OrderReplayed { get; init; }

    /// <summary>The key that the request was sent with, one's own or the one that was made for it.</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>What support needs to find the request.</summary>
    public string? RequestId { get; init; }

    /// <summary>The answer itself.</summary>
    public static implicit operator T(KobbopayResult<T> result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Value;
    }
}
