using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kobbopay.Gateway;

/// <summary>What the public port lets a caller cost before anything is known of them.</summary>
public static class ServerLimits
{
    /// <summary>Bytes of the request line; the longest of ours is a list's, with its filters.</summary>
    public const int RequestLine = 8 * 1024;

    /// <summary>Bytes of all headers together; more is 431.</summary>
    public const int Headers = 16 * 1024;

    public const int HeaderCount = 64;

    private const int Connections = 20_000;

    /// <summary>Bytes per second of a body, after a grace time; who sends slower is hung up on.</summary>
    private const double BodyRate = 240;

    /// <summary>
    /// A header line ends with CR LF and nothing else: a proxy in front that takes a bare LF for part of a value would
    /// see one request where the server sees two.
    /// </summary>
    private const string StrictLines = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    private static readonly TimeSpan BodyGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longer than the idle time of usual load balancers and clients, so that they hang up first.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(120);

    public static void AddServerLimits(this WebApplicationBuilder builder)
    {
        AppContext.SetSwitch(StrictLines, true);
        builder.Services.Configure<KestrelServerOptions>(server =>
        {
            var limits = server.Limits;
            limits.MaxRequestLineSize = RequestLine;
            limits.MaxRequestHeadersTotalSize = Headers;
            limits.MaxRequestHeaderCount = HeaderCount;
            limits.RequestHeadersTimeout = HeadersTimeout;
            limits.MinRequestBodyDataRate = new MinDataRate(BodyRate, BodyGrace);
            limits.KeepAliveTimeout = KeepAlive;
            limits.MaxConcurrentConnections = Connections;
        });
    }
}
