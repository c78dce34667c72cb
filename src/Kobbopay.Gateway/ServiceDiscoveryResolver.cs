using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.ServiceDiscovery;

namespace Kobbopay.Gateway;

/// <summary>
/// A service's address by its logical name, taking turns among replicas. Own code because the discovery package's
/// bridge to the reverse proxy is not used; the names and their meaning are that package's
/// (<c>services__payments__http__0</c>).
/// </summary>
public sealed class ServiceDiscoveryResolver(ServiceEndpointResolver resolver)
{
    private readonly ConcurrentDictionary<string, Addresses> _known = new(StringComparer.Ordinal);
    private uint _turn;

    /// <summary>Scheme, host and port; null when discovery knows none.</summary>
    public async ValueTask<string?> ResolveAsync(string service, CancellationToken cancellationToken)
    {
        var known = _known.GetOrAdd(service, name => new Addresses($"https+http://{name}", Source: null, []));
        var source = await resolver.GetEndpointsAsync(known.Query, cancellationToken);
        if (!ReferenceEquals(source, known.Source))
        {
            // A new source is a new answer of discovery: the texts are made once for it.
            known = known with { Source = source, Prefixes = [.. source.Endpoints.Select(AsPrefix)] };
            _known[service] = known;
        }

        var prefixes = known.Prefixes;
        return prefixes.Length == 0 ? null : prefixes[Interlocked.Increment(ref _turn) % (uint)prefixes.Length];
    }

    private static string AsPrefix(ServiceEndpoint endpoint) => endpoint.EndPoint switch
    {
        UriEndPoint { Uri: var uri } => uri.GetLeftPart(UriPartial.Authority),
        DnsEndPoint { Port: 0, Host: var host } => $"http://{host}",
        DnsEndPoint { Port: var port, Host: var host } => $"http://{host}:{port}",
        var other => $"http://{other}",
    };

    private sealed record Addresses(string Query, ServiceEndpointSource? Source, string[] Prefixes);
}
