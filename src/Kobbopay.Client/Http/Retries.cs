namespace Kobbopay.Client.Http;

/// <summary>
/// Which failures pass by themselves, and how long to wait for that. Every call is safe to repeat: a POST carries an
/// idempotency key, and PATCH and DELETE say what shall be.
/// </summary>
internal static class Retries
{
    public static bool IsPassing(Exception failure) => failure switch
    {
        KobbopayProblemException problem => problem.Retryable,
        // What TLS or the other side's protocol refuses is refused again.
        HttpRequestException request => request.HttpRequestError is not (
            HttpRequestError.SecureConnectionError or HttpRequestError.UserAuthenticationError
            or HttpRequestError.VersionNegotiationError or HttpRequestError.ExtendedConnectNotSupported
            or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.InvalidResponse),
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };

    /// <summary>After so many failures before this one; null when the answer asks for more patience than the options
    /// allow.</summary>
    public static TimeSpan? DelayAfter(Exception failure, int failures, KobbopayClientOptions options)
    {
        var backOff = BackOff(failures, options);
        return failure is not KobbopayProblemException { RetryAfter: { } asked } ? backOff
            : asked > options.MaxRetryDelay ? null
            : asked > backOff ? asked
            : backOff;
    }

    public static TimeSpan BackOff(int failures, KobbopayClientOptions options)
    {
        var full = options.RetryDelay * Math.Pow(2, Math.Min(failures, 30));
        var capped = full < options.MaxRetryDelay ? full : options.MaxRetryDelay;
        return capped * (1 - (Random.Shared.NextDouble() / 2));
    }
}
