using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Kobbopay.Gateway;

/// <summary>
/// Whose connection it is. What a proxy says of that is believed only where <c>Proxies:Trusted</c> names its range, hop
/// by hop from ours: anybody else could write what they like.
/// </summary>
public static class ClientAddress
{
    private const string Trusted = "Proxies:Trusted";

    /// <summary>Who has one address of an IPv6 network has all of these.</summary>
    private const int NetworkBytes = 8;

    /// <summary>Null where there is none, which TCP does not know.</summary>
    public static IPAddress? Of(HttpContext http) =>
        http.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped
            ? mapped.MapToIPv4()
            : http.Connection.RemoteIpAddress;

    /// <summary>What is limited together: an IPv4 address, or an IPv6 /64.</summary>
    public static Guid NetworkOf(HttpContext http)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (Of(http) is not { } address)
            return Guid.Empty;
        var isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        (isIPv4 ? address.MapToIPv6() : address).TryWriteBytes(bytes, out _);
        if (!isIPv4)
            bytes[NetworkBytes..].Clear();
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The same for people.</summary>
    public static string NetworkNameOf(HttpContext http)
    {
        if (Of(http) is not { AddressFamily: AddressFamily.InterNetworkV6 } address)
            return Of(http)?.ToString() ?? string.Empty;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[NetworkBytes..].Clear();
        return $"{new IPAddress(bytes)}/{8 * NetworkBytes}";
    }

    /// <exception cref="FormatException"><c>Proxies:Trusted</c> has something that is no range; it stops the
    /// start.</exception>
    public static void UseTrustedProxies(this WebApplication app)
    {
        var ranges = app.Configuration.GetSection(Trusted).GetChildren().Select(range => range.Value).ToArray();
        // With no range at all the middleware would believe everybody.
        if (ranges.Length == 0)
            return;

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var range in ranges)
            options.KnownIPNetworks.Add(IPNetwork.Parse(range ?? string.Empty));
        app.UseForwardedHeaders(options);
    }
}
