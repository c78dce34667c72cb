using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.Gateway;

/// <summary>A key as Payments described it, and the identity tokens made from it.</summary>
public sealed class KnownKey(string hash, ApiKeyDescription description, long askedAt, IdentityIssuer issuer)
{
    private readonly ConcurrentDictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private long _usedAt;
    private int _waitsToBeTold;

    /// <summary>SHA-256 of the key, by which it is looked up.</summary>
    public string Hash { get; } = hash;

    public ApiKeyDescription Description { get; } = description;

    public long AskedAt { get; } = askedAt;

    /// <summary>
    /// Signed once per service and held as long as this description is, which is half a token's life: each token that
    /// is sent has the other half left.
    /// </summary>
    public string TokenFor(string service) => _tokens.GetOrAdd(service, Sign);

    /// <summary>True when nobody knows yet that it was used since it was told last.</summary>
    public bool Use(DateTimeOffset at)
    {
        Volatile.Write(ref _usedAt, at.UtcTicks);
        return Volatile.Read(ref _waitsToBeTold) == 0 && Interlocked.Exchange(ref _waitsToBeTold, 1) == 0;
    }

    /// <summary>Its last use; one that follows is news again.</summary>
    public DateTimeOffset TakeUse()
    {
        Interlocked.Exchange(ref _waitsToBeTold, 0);
        return new DateTimeOffset(Volatile.Read(ref _usedAt), TimeSpan.Zero);
    }

    private string Sign(string service) => issuer.ForMerchant(service, new MerchantIdentity(
        Description.MerchantId, Description.Environment, Description.KeyId, Description.Scopes));
}
