using System.Threading.RateLimiting;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway;

/// <summary>
/// Requests that are answered for as long as the caller stays: streams and long polls. They have connections of their
/// own to the services, so that many who listen keep nobody from asking, and an address has a number of them at a time,
/// since the limits of requests say nothing about those that do not end.
/// </summary>
public sealed class OpenStreams(LiveSettings<LimitSettings> settings) : IDisposable
{
    private const int RetryAfterSeconds = 10;

    // The limit is part of the name, so that a changed one counts at once.
    private readonly PartitionedRateLimiter<(Guid Address, int Limit)> _places =
        PartitionedRateLimiter.Create<(Guid Address, int Limit), (Guid Address, int Limit)>(
            static who => RateLimitPartition.GetConcurrencyLimiter(
                who, static who => new ConcurrencyLimiterOptions { PermitLimit = who.Limit, QueueLimit = 0 }));

    public static bool IsOne(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && (request.Path.Value!.EndsWith("/stream", StringComparison.Ordinal)
            || request.Query.ContainsKey("wait")
            || request.Headers.Accept.Any(type => type is not null
                && type.Contains(ServerSentEvents.ContentType, StringComparison.OrdinalIgnoreCase)));

    /// <summary>A place for a stream without a key; held until it is disposed of, acquired or not.</summary>
    public RateLimitLease Enter(HttpContext http) =>
        _places.AttemptAcquire((ClientAddress.NetworkOf(http), settings.Now.StreamsPerAddress));

    public ProblemException TooMany() =>
        new(ProblemCodes.RateLimited, $"At most {settings.Now.StreamsPerAddress} streams may be open from an address.")
        {
            RetryAfterSeconds = RetryAfterSeconds,
        };

    public void Dispose() => _places.Dispose();
}
