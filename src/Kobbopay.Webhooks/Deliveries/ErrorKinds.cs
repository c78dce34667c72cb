using System.Net.Sockets;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Why an attempt failed: a closed list, which docs/webhooks.md explains to merchants; none is ever
/// renamed.</summary>
public static class ErrorKinds
{
    /// <summary>The URL was taken once, and the rules of its environment refuse it today.</summary>
    public const string UrlRefused = "url_refused";
    public const string DnsFailed = "dns_failed";
    public const string BlockedAddress = "blocked_address";
    public const string ConnectionRefused = "connection_refused";
    public const string Unreachable = "unreachable";
    public const string TlsInvalid = "tls_invalid";

    /// <summary>No connection within 5 s, or no answer's head within 15 s.</summary>
    public const string Timeout = "timeout";

    /// <summary>Closed or reset before the answer's head was there.</summary>
    public const string ConnectionLost = "connection_lost";
    public const string InvalidAnswer = "invalid_answer";
    public const string AnswerTooLarge = "answer_too_large";
    public const string RedirectRefused = "redirect_refused";
    public const string HttpStatus = "http_status";

    /// <summary>The key ring lacks the key of the endpoint's secret: ours to mend.</summary>
    public const string SecretUnavailable = "secret_unavailable";

    public static IReadOnlyList<string> All { get; } =
    [
        UrlRefused, DnsFailed, BlockedAddress, ConnectionRefused, Unreachable, TlsInvalid, Timeout, ConnectionLost,
        InvalidAnswer, AnswerTooLarge, RedirectRefused, HttpStatus, SecretUnavailable,
    ];

    /// <summary>Null for a success.</summary>
    public static string? Of(int status) => status switch
    {
        >= 200 and < 300 => null,
        301 or 302 or 303 or 307 or 308 => RedirectRefused,
        _ => HttpStatus,
    };

    /// <summary>Of an exchange that ended without an answer.</summary>
    public static string Of(Exception failure) => failure switch
    {
        OperationCanceledException => Timeout,
        _ when Find<NameNotResolvedException>(failure) is not null => DnsFailed,
        _ when Find<BlockedAddressException>(failure) is not null => BlockedAddress,
        _ when Find<AnswerTooLargeException>(failure) is not null => AnswerTooLarge,
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => AnswerTooLarge,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => TlsInvalid,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Find<SocketException>(failure)
            is { SocketErrorCode: SocketError.ConnectionRefused } ? ConnectionRefused : Unreachable,
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => ConnectionLost,
        _ when Find<SocketException>(failure) is not null => ConnectionLost,
        _ => InvalidAnswer,
    };

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not (null or T))
            failure = failure.InnerException;
        return failure as T;
    }
}
