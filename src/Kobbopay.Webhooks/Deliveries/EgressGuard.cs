using System.Net;
using System.Net.Sockets;
using Kobbopay.Contracts;
using Microsoft.Security.AntiSSRF;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>An attempt was refused because of the address that its host name has.</summary>
public sealed class BlockedAddressException(string host) : IOException($"No public address: {host}");

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

    /// <summary>Not to be had by any allowance: link-local, and the metadata and host agents of clouds.</summary>
    private static readonly IPNetwork[] Never =
    [
        .. new[]
        {
            "169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32",
            "fd20:ce::/32",
        }.Select(IPNetwork.Parse),
    ];

    private readonly IPNetwork[] _allowed;

    /// <exception cref="InvalidOperationException">An allowance in Production, or one that is not a CIDR.</exception>
    public EgressGuard(IConfiguration configuration, IHostEnvironment host)
    {
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
        environment == MerchantEnvironments.Test && Within(_allowed, address) && !Within(Never, address);

    /// <summary>A connection to the first allowed address that answers.</summary>
    /// <exception cref="BlockedAddressException">One of the host's addresses is not allowed: then none is
    /// used.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, string environment, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(target.Host, cancellation);
        // A name with one address inside is somebody's trick or mistake; the addresses outside do not make it good.
        if (addresses.Length == 0 || !addresses.All(address => Allows(address, environment)))
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

    private static bool IsPublic(IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address))
        && !Within(Special, address) && !Within(Never, address);

    private static bool Within(IPNetwork[] networks, IPAddress address) =>
        Array.Exists(networks, network => network.Contains(address));

    /// <summary>The package writes single addresses without a prefix length.</summary>
    private static IPNetwork Network(string text) => text.Contains('/', StringComparison.Ordinal)
        ? IPNetwork.Parse(text)
        : IPNetwork.Parse(text.Contains(':', StringComparison.Ordinal) ? $"{text}/128" : $"{text}/32");
}
