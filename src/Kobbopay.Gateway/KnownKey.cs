using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.Gateway;

/// <summary>A key as Payments described it, and the identity tokens made from it.</summary>
public sealed class KnownKey(string hash, ApiKeyDescription description, long askedAt, IdentityIssuer issuer)
{
    private readonly ConcurrentDictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private readonly IPNetwork[]? _allowed = description.AllowedIps?.Select(AsRange).OfType<IPNetwork>().ToArray();
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

    /// <summary>From anywhere unless its list names ranges; an entry that is no range allows nothing.</summary>
    public bool MayBeUsedFrom(IPAddress? address)
    {
        if (_allowed is null)
            return true;
        foreach (var range in _allowed)
        {
            if (address is not null && range.Contains(address))
                return true;
        }

        return false;
    }

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

    private static IPNetwork? AsRange(string text)
    {
        if (IPNetwork.TryParse(text, out var range))
            return range;
        if (!IPAddress.TryParse(text, out var address))
            return null;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }
}
