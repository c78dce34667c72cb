using System.Runtime.InteropServices;
using System.Threading.RateLimiting;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway;

/// <summary>What is counted apart: a key's requests and an address's requests of several kinds.</summary>
public enum Limited
{
    Key,
    Public,
    AccessRequest,
    Claim,
    WrongKey,
    LookUpAfterWrongKeys,
}

/// <summary>
/// A bucket of tokens, one per request. Its rate is part of its name, so that a changed limit is a new, full bucket at
/// once, and the old one is forgotten when it has filled up.
/// </summary>
/// <param name="Who">The key's id, or an address's place among all.</param>
/// <param name="Size">Tokens of a full bucket.</param>
/// <param name="PerToken">Time in which one token comes back.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Bucket(Limited What, Guid Who, int Size, TimeSpan PerToken);

/// <summary>Rate limits (contracts.md, section 1), counted by this gateway alone.</summary>
public sealed class RateLimits(LiveSettings<LimitSettings> settings) : IDisposable
{
    private const string LimitHeader = "RateLimit-Limit";
    private const string RemainingHeader = "RateLimit-Remaining";
    private const string ResetHeader = "RateLimit-Reset";

    /// <summary>
    /// Buckets of a kind for all addresses together, each network's by its hash: whoever owns a large range could fill
    /// the memory otherwise. Two that share a bucket are rare, and others after each start.
    /// </summary>
    private const uint AddressBuckets = 65_536;

    /// <summary>Keys that are looked up for an address whose tries are used up.</summary>
    private const int LookUpsPerSecond = 5;

    private readonly PartitionedRateLimiter<Bucket> _buckets = PartitionedRateLimiter.Create<Bucket, Bucket>(
        static bucket => RateLimitPartition.GetTokenBucketLimiter(bucket, OptionsOf));

    public Bucket OfKey(ApiKeyDescription key)
    {
        var now = settings.Now;
        var rate = key.RequestsPerSecond
            ?? (key.Environment == MerchantEnvironments.Live ? now.LivePerSecond : now.TestPerSecond);
        rate = Math.Max(1, rate / now.Replicas);
        return new Bucket(Limited.Key, key.KeyId, rate, TimeSpan.FromSeconds(1) / rate);
    }

    public Bucket OfAddress(Limited what, HttpContext http)
    {
        var now = settings.Now;
        var (size, perToken) = what switch
        {
            Limited.AccessRequest =>
                (now.AccessRequestsPerHour, TimeSpan.FromHours(1) / now.AccessRequestsPerHour),
            Limited.Claim => (now.ClaimsPerMinute, TimeSpan.FromMinutes(1) / now.ClaimsPerMinute),
            Limited.WrongKey => (now.WrongKeysPerMinute, TimeSpan.FromMinutes(1) / now.WrongKeysPerMinute),
            Limited.LookUpAfterWrongKeys => (LookUpsPerSecond, TimeSpan.FromSeconds(1) / LookUpsPerSecond),
            _ => (now.PublicBurst, TimeSpan.FromSeconds(1) / now.PublicPerSecond),
        };
        // Seeded by the runtime at each start, so that nobody can choose whose bucket they share.
        var place = (uint)HashCode.Combine(ClientAddress.NetworkOf(http)) % AddressBuckets;
        return new Bucket(what, new Guid(place, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), size, perToken);
    }

    /// <summary>Takes a token and puts the headers on the answer; the refusal when there is none.</summary>
    public ProblemException? Take(HttpContext http, Bucket bucket, string detail)
    {
        using var lease = _buckets.AttemptAcquire(bucket);
        var left = _buckets.GetStatistics(bucket)?.CurrentAvailablePermits ?? 0;
        var headers = http.Response.Headers;
        headers[LimitHeader] = bucket.Size.ToString();
        headers[RemainingHeader] = left.ToString();
        headers[ResetHeader] = InSeconds(bucket.PerToken * (bucket.Size - left)).ToString();
        if (lease.IsAcquired)
            return null;

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : bucket.PerToken;
        return new ProblemException(ProblemCodes.RateLimited, detail) { RetryAfterSeconds = InSeconds(wait) };
    }

    /// <summary>The same without a word to the caller.</summary>
    public bool TryTake(Bucket bucket)
    {
        using var lease = _buckets.AttemptAcquire(bucket);
        return lease.IsAcquired;
    }

    public bool IsUsedUp(Bucket bucket) => _buckets.GetStatistics(bucket) is { CurrentAvailablePermits: 0 };

    public void Dispose() => _buckets.Dispose();

    private static int InSeconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));

    private static TokenBucketRateLimiterOptions OptionsOf(Bucket bucket) => new()
    {
        TokenLimit = bucket.Size,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = bucket.PerToken,
        QueueLimit = 0,
    };
}
