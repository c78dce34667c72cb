using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.ServiceDiscovery;

namespace Kobbopay.Gateway;

/// <summary>
/// A service's address by its logical name, taking turns among replicas. One to which no connection came about is left
/// out for a moment; then a single request tries it, and the others follow when that got through. Own code because the
/// discovery package's bridge to the reverse proxy is not used; the names and their meaning are that package's
/// (<c>services__payments__http__0</c>).
/// </summary>
public sealed class ServiceDiscoveryResolver(ServiceEndpointResolver resolver, TimeProvider clock)
{
    /// <summary>Long enough to spare requests the wait, short enough to miss nobody who is back.</summary>
    public static readonly TimeSpan LeftOut = TimeSpan.FromSeconds(1.5);

    /// <summary>Services are near: one that takes longer to take a connection is away.</summary>
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(2);

    /// <summary>Failures that are remembered; beyond, replicas have come and gone, and all is forgotten.</summary>
    private const int FailuresLimit = 1_000;

    private readonly ConcurrentDictionary<string, long> _failedAt = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Addresses> _known = new(StringComparer.Ordinal);
    private uint _turn;

    /// <summary>Scheme, host and port; null when discovery knows none, or all of them were away a moment ago.</summary>
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
        var turn = Interlocked.Increment(ref _turn);
        for (var i = 0u; i < prefixes.Length; i++)
        {
            var destination = prefixes[(turn + i) % (uint)prefixes.Length];
            if (MayTry(destination))
                return destination;
        }

        return null;
    }

    /// <summary>Whether this came of there being no connection, so that nothing of the request was sent.</summary>
    public static bool IsNoConnection(Exception failure) => failure switch
    {
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError
        } => true,
        // How the handler tells that its ConnectTimeout has passed.
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };

    /// <summary>No connection to it came about.</summary>
    public void Failed(string destination)
    {
        if (_failedAt.Count >= FailuresLimit)
            _failedAt.Clear();
        _failedAt[destination] = clock.GetTimestamp();
    }

    /// <summary>There was a connection to it.</summary>
    public void Reached(string destination)
    {
        if (_failedAt.ContainsKey(destination))
            _failedAt.TryRemove(destination, out _);
    }

    private bool MayTry(string destination)
    {
        if (!_failedAt.TryGetValue(destination, out var failedAt))
            return true;
        // Whoever moves the time on is the one that tries; the others find it failed just now.
        return clock.GetElapsedTime(failedAt) >= LeftOut
            && _failedAt.TryUpdate(destination, clock.GetTimestamp(), failedAt);
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
