using System.Net;
using System.Text.RegularExpressions;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>Words the failures of one provider, so that none shows more of its URL than the host.</summary>
internal sealed partial class ProviderFailures(int number, Uri url)
{
    /// <summary>Characters of a provider's own words.</summary>
    private const int WordsLimit = 200;

    /// <summary>A part of the URL that is shorter is taken for a version or a network's name.</summary>
    private const int ShortestSecret = 8;

    /// <summary>Nobody is left alone for longer, whatever they ask for: a network may hang on it.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(10);

    private readonly string[] _secrets =
    [
        .. url.UserInfo.Split(':')
            .Concat(url.AbsolutePath.Split('/'))
            .Concat(url.Query.Split('?', '&', '='))
            .SelectMany(part => new[] { part, Uri.UnescapeDataString(part) })
            .Where(part => part.Length >= ShortestSecret)
            .OrderByDescending(part => part.Length),
    ];

    public ProviderException Of(string kind, string reason) => new(kind, Worded(reason));

    public ProviderException Malformed(Exception failure) =>
        Of(ProviderException.Malformed, failure is FormatException ? failure.Message : "no JSON as it should be");

    /// <param name="refusesBatch">It is the answer to several calls as one.</param>
    public ProviderException Of(RpcError error, bool refusesBatch = false) =>
        new(ProviderException.RpcError, Worded($"error {error.Code}: {Clean(error.Message)}"))
        {
            Code = error.Code,
            RefusesBatch = refusesBatch,
        };

    public ProviderException OfStatus(HttpStatusCode status, TimeSpan? retryAfter, bool refusesBatch) =>
        status == HttpStatusCode.RequestEntityTooLarge
            ? new(ProviderException.TooLarge, Worded("HTTP 413")) { RefusesBatch = refusesBatch }
            : new(ProviderException.Unreachable, Worded($"HTTP {(int)status}")) { RetryAfter = Bounded(retryAfter) };

    public ProviderException RateLimited(TimeSpan? retryAfter, int? code = null) =>
        new(ProviderException.RateLimited, Worded("too many requests"))
        {
            Code = code,
            RetryAfter = Bounded(retryAfter),
        };

    /// <summary>
    /// Whether an error means the number of requests. The usual code for that, -32005, means a range that is too long
    /// elsewhere, so that the words decide.
    /// </summary>
    public static bool IsRateLimit(RpcError? error) =>
        error is not null && (error.Code == 429 || RateLimitWords().IsMatch(error.Message));

    private string Worded(string reason) => $"Provider {number} ({url.Host}): {reason}";

    private string Clean(string words)
    {
        var clean = _secrets.Aggregate(
            words, (text, secret) => text.Replace(secret, "***", StringComparison.OrdinalIgnoreCase));
        clean = string.Concat(clean.Select(c => char.IsControl(c) ? ' ' : c));
        return clean.Length <= WordsLimit ? clean : clean[..WordsLimit];
    }

    private static TimeSpan? Bounded(TimeSpan? asked) => asked is not { } time || time <= TimeSpan.Zero ? null
        : time < LongestRetryAfter ? time
        : LongestRetryAfter;

    [GeneratedRegex(
        @"\brate[ -]?(?:limit|exceeded)|too many requests|request limit|request count|requests? per|per second"
        + "|compute units|throughput|quota",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex RateLimitWords();
}
