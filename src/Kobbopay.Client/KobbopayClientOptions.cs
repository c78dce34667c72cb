namespace Kobbopay.Client;

/// <summary>How a <see cref="KobbopayClient"/> calls.</summary>
public sealed class KobbopayClientOptions
{
    /// <summary>Where Kobbopay is, without <c>/v1</c>. Null takes that of the <see cref="HttpClient"/>.</summary>
    public Uri? BaseAddress { get; set; }

    /// <summary>The API key, <c>kp_test_...</c> or <c>kp_live_...</c>; never in an app that others hold in their
    /// hands. Null for who only reads the public status.</summary>
    public string? ApiKey { get; set; }

    /// <summary>How often a call is repeated after it has failed for a cause that passes; 0 for never.</summary>
    public int MaxRetries { get; set; } = 3;

    /// <summary>How long one attempt may take. A long poll takes as much longer as it waits.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The wait before the first retry; each further one waits twice as long, up to <see cref="MaxRetryDelay"/>. The
    /// waits are shortened at random by up to a half, so that clients do not come back all at once.
    /// </summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The longest wait before a retry. Where an answer asks for a longer one (<c>Retry-After</c>), the call is not
    /// repeated but fails, and <see cref="KobbopayProblemException.RetryAfter"/> tells when to come back.
    /// </summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Told of each failure that is followed by another attempt, to log it.</summary>
    public Action<KobbopayRetry>? OnRetry { get; set; }
}

/// <summary>A failure that is followed by another attempt.</summary>
/// <param name="Request">The method and the path.</param>
/// <param name="Failure">What went wrong.</param>
/// <param name="Attempt">Which attempt it was; 1 for the first.</param>
/// <param name="Delay">How long the next one waits.</param>
public sealed record KobbopayRetry(string Request, Exception Failure, int Attempt, TimeSpan Delay);
