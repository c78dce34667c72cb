using System.Net;
using System.Net.Sockets;
using Kobbopay.Contracts;
using Microsoft.Security.AntiSSRF;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>An attempt was refused because of the address that its host name has.</summary>
public sealed class BlockedAddressException(string host) : IOException($"No public address: {host}");

/// <summary>The host name has no address, or nobody could tell.</summary>
public sealed class NameNotResolvedException(string host, Exception? cause) : IOException($"No address: {host}", cause);

/// <summary>
/// Where webhooks may go, decided when connecting, on the very address that is then used, so that no name and no second
/// resolution leads inside (contracts.md, section 4). Ranges are those that Microsoft.Security.AntiSSRF maintains (the
/// registries of special addresses and the clouds' own); of IPv6 only global unicast, without the forms that embed an
/// IPv4 address. <c>Egress:AllowedCidrs</c> is the one allowance: for test endpoints only, and never for link-local or
/// metadata.
/// </summary>
public sealed class EgressGuard
{
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Special =
    [
        .. IPAddressRanges.recommendedLatest.Select(Network),
        // Must never depend on a package's next version: the forms that embed an IPv4 address.
        .. new[] { "2001::/23", "2002::/16" }.Select(IPNetwork.Parse),
    ];

    /// <summary>
    /// Not to be had by any allowance: link-local, the metadata and host agents of clouds, and the IPv6 forms that
    /// embed an IPv4 address (compatible, translated, NAT64, Teredo, 6to4), behind which any of those could stand.
    /// </summary>
    private static readonly IPNetwork[] Never =
    [
        .. new[]
        {
            "169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32",
            "fd20:ce::/32", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16",
        }.Select(IPNetwork.Parse),
    ];

    private readonly IPNetwork[] _allowed;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    /// <param name="resolve">The addresses of a host name; the system's resolver when null.</param>
    /// <exception cref="InvalidOperationException">An allowance in Production, or one that is not a CIDR.</exception>
    public EgressGuard(
        IConfiguration configuration,
        IHostEnvironment host,
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        var texts = configuration.GetSection("Egress:AllowedCidrs").GetChildren().Select(cidr => cidr.Value).ToArray();
        if (texts.Length > 0 && host.IsProduction())
            throw new InvalidOperationException("Egress:AllowedCidrs must be empty in Production");
        _allowed = [.. texts.Select(text => IPNetwork.TryParse(text, out var network)
            ? network
            : throw new InvalidOperationException($"Egress:AllowedCidrs: {text} is not a CIDR"))];
    }

    /// <summary>Whether a webhook of the environment may go to this address.</summary>
    public bool Allows(IPAddress address, string environment)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily == AddressFamily.InterNetworkV6 && plain.ScopeId != 0)
            return false;
        return IsPublic(plain) || IsExplicitlyAllowed(plain, environment);
    }

    /// <summary>Whether the configuration names this address's network for the environment.</summary>
    public bool IsExplicitlyAllowed(IPAddress address, string environment) =>
        environment == MerchantEnvironments.Test && Within(_allowed, address) && !IsOutOfReach(address);

    /// <summary>
    /// A connection to the first of the host's addresses that answers. The name is resolved once, and what was checked
    /// is what is connected to: a DNS server that answers differently the next time changes nothing.
    /// </summary>
    /// <exception cref="NameNotResolvedException">The name has no address.</exception>
    /// <exception cref="BlockedAddressException">One of the host's addresses is not allowed: then none is
    /// used.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, string environment, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal)
            ? [literal]
            : await ResolveAsync(target.Host, cancellation);
        // A name with one address inside is somebody's trick or mistake; the addresses outside do not make it good.
        if (!addresses.All(address => Allows(address, environment)))
            throw new BlockedAddressException(target.Host);

        Socket? socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellation);
            var stream = new NetworkStream(socket, ownsSocket: true);
            socket = null;
            return stream;
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return await _resolve(host, cancellation) is { Length: > 0 } addresses
                ? addresses
                : throw new NameNotResolvedException(host, cause: null);
        }
        // Not a name (an empty or overlong label) is an argument to the resolver, not a failure of the network.
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            throw new NameNotResolvedException(host, failure);
        }
    }

    private static bool IsPublic(IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address))
        && !Within(Special, address) && !IsOutOfReach(address);

    /// <summary>Loopback alone is no embedded address, though it has the look of one.</summary>
    private static bool IsOutOfReach(IPAddress address) =>
        (Within(Never, address) && !address.Equals(IPAddress.IPv6Loopback)) || IsIsatap(address);

    /// <summary>An interface that is named after its IPv4 address (RFC 5214), in whatever network it stands.</summary>
    private static bool IsIsatap(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var length) && length == 16
            && (bytes[8] & 0b1111_1100) == 0 && bytes[9..12].SequenceEqual((ReadOnlySpan<byte>)[0, 0x5e, 0xfe]);
    }

    private static bool Within(IPNetwork[] networks, IPAddress address) =>
        Array.Exists(networks, network => network.Contains(address));

    /// <summary>The package writes single addresses without a prefix length.</summary>
    private static IPNetwork Network(string text) => text.Contains('/', StringComparison.Ordinal)
        ? IPNetwork.Parse(text)
        : IPNetwork.Parse(text.Contains(':', StringComparison.Ordinal) ? $"{text}/128" : $"{text}/32");
}
