using System.Net;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>What a webhook's URL may be, before anything is resolved (contracts.md, section 4).</summary>
internal static class EndpointUrl
{
    public const int LongestUrl = 2048;

    /// <summary>What is wrong with the URL, or null.</summary>
    public static InvalidField? Check(string? url, string environment, EgressGuard egress) =>
        Check(url, environment, egress, out _);

    public static InvalidField? Check(string? url, string environment, EgressGuard egress, out Uri parsed)
    {
        parsed = null!;
        return url switch
        {
            null => new InvalidField("/url", "required", "Where the events go is needed."),
            { Length: > LongestUrl } =>
                new InvalidField("/url", "too_long", $"A URL has {LongestUrl} characters at most."),
            _ when !Uri.TryCreate(url, UriKind.Absolute, out parsed!) || HasBlanks(url) =>
                new InvalidField("/url", "invalid_format", "This is not an absolute URL."),
            _ => Check(parsed, environment, egress),
        };
    }

    /// <summary><c>scheme://host:port</c>, the port always spelled out.</summary>
    public static string OriginOf(string url)
    {
        var uri = new Uri(url);
        return $"{uri.Scheme}://{uri.IdnHost}:{uri.Port}";
    }

    private static InvalidField? Check(Uri url, string environment, EgressGuard egress)
    {
        var plain = url.Scheme == Uri.UriSchemeHttp && environment == MerchantEnvironments.Test;
        if (url.Scheme != Uri.UriSchemeHttps && !plain)
        {
            return new InvalidField("/url", "scheme_not_allowed", environment == MerchantEnvironments.Test
                ? "Use https or http."
                : "Use https.");
        }

        if (url.UserInfo.Length > 0)
            return new InvalidField("/url", "credentials_not_allowed", "A URL must not carry credentials.");
        if (url.Fragment.Length > 0)
            return new InvalidField("/url", "fragment_not_allowed", "A fragment is never sent.");
        return IsUsualPort(url.Port) || IsAllowedLiteral(url, environment, egress)
            ? null
            : new InvalidField("/url", "port_not_allowed", "Use port 80, 443, or one of 8000 to 9999.");
    }

    private static bool HasBlanks(string url)
    {
        foreach (var c in url)
        {
            if (c == ' ' || char.IsControl(c))
                return true;
        }

        return false;
    }

    /// <summary>Ports of web servers; those of databases and mail are not for webhooks.</summary>
    private static bool IsUsualPort(int port) => port is 80 or 443 or (>= 8000 and <= 9999);

    /// <summary>An address that the configuration names is somebody's own machine, with ports of their
    /// choice.</summary>
    private static bool IsAllowedLiteral(Uri url, string environment, EgressGuard egress) =>
        IPAddress.TryParse(url.IdnHost, out var address) && egress.IsExplicitlyAllowed(address, environment);
}
