using System.Net;
using System.Text;
using Kobbopay.Contracts;
using Kobbopay.Gateway.Operators;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Yarp.ReverseProxy.Forwarder;

namespace Kobbopay.Gateway;

/// <summary>
/// Hands a request to a service and its answer back, unchanged but for the headers that are the gateway's.
/// </summary>
public sealed partial class Forwarding(
    IHttpForwarder forwarder,
    ServiceDiscoveryResolver services,
    ApiKeyAuthentication authentication,
    OperatorAuthentication operators,
    IdentityIssuer issuer,
    RateLimits limits,
    OpenStreams streams,
    KeyActivity activity,
    TimeProvider clock,
    ILogger<Forwarding> logger) : IDisposable
{
    /// <summary>Silence of a service for this long ends the request; a stream's heartbeats keep it open.</summary>
    private static readonly ForwarderRequestConfig Patience = new() { ActivityTimeout = TimeSpan.FromSeconds(60) };

    /// <summary>The key of a request that runs longer is looked at again, each time after this.</summary>
    private static readonly TimeSpan CheckAgainAfter = ApiKeyCache.KnownFor;

    /// <summary>Connections to one service, for requests that end and for streams.</summary>
    private const int Connections = 512;
    private const int StreamConnections = 10_000;

    private readonly HttpMessageInvoker _client = new(NewHandler(Connections));
    private readonly HttpMessageInvoker _streamClient = new(NewHandler(StreamConnections));

    /// <summary>For a merchant's key; the service learns whose it is from the signed identity.</summary>
    public async Task ForMerchantAsync(HttpContext http, string service)
    {
        var (key, refusal) = await authentication.AuthenticateAsync(http);
        if (key is not null)
            refusal = limits.Take(http, limits.OfKey(key.Description), "Too many requests with this key.");
        if (key is null || refusal is not null)
        {
            await Problems.WriteAsync(http, refusal!);
            return;
        }

        var forwarding = ForwardAsync(http, service, new ForwardedRequest(key.TokenFor(service)));
        if (!forwarding.IsCompleted)
            await WatchAsync(http, service, key, forwarding);
        await forwarding;
    }

    /// <summary>
    /// A stream or a long poll outlives the moment at which its key was good: it is ended with the key.
    /// </summary>
    private async Task WatchAsync(HttpContext http, string service, KnownKey key, Task forwarding)
    {
        while (true)
        {
            await forwarding.WaitAsync(CheckAgainAfter, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (forwarding.IsCompleted)
                return;
            if (await authentication.StillHoldsAsync(key, http))
                continue;
            LogEnded(service, Id.Format(Id.ApiKey, key.Description.KeyId));
            http.Abort();
            return;
        }
    }

    /// <summary>For an operator; the service learns who it is from the signed identity.</summary>
    public async Task ForOperatorAsync(HttpContext http, string service)
    {
        var (who, refusal) = await operators.AuthenticateAsync(http);
        if (who is null)
            await Problems.WriteAsync(http, refusal!);
        else
            await ForwardAsync(http, service, new ForwardedRequest(issuer.ForOperator(service, who)));
    }

    /// <summary>For anybody, within the limit of their address; a key that came along stays here.</summary>
    /// <param name="writes">The limit of requests that change something.</param>
    public async Task ForAnybodyAsync(HttpContext http, string service, Limited writes)
    {
        var method = http.Request.Method;
        var reads = HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
        var bucket = limits.OfAddress(reads ? Limited.Public : writes, http);
        if (limits.Take(http, bucket, "Too many requests from your address.") is not { } refusal)
        {
            await ForwardAnonymousAsync(http, service);
            return;
        }

        // Tokens and codes of claim links are guessed as keys are.
        if (bucket.What == Limited.Claim)
            activity.Guessed(ClientAddress.NetworkNameOf(http));
        await Problems.WriteAsync(http, refusal);
    }

    public void Dispose()
    {
        _client.Dispose();
        _streamClient.Dispose();
    }

    private async Task ForwardAnonymousAsync(HttpContext http, string service)
    {
        using var place = OpenStreams.IsOne(http.Request) ? streams.Enter(http) : null;
        if (place is { IsAcquired: false })
            await Problems.WriteAsync(http, streams.TooMany());
        else
            await ForwardAsync(http, service, ForwardedRequest.Anonymous);
    }

    private static SocketsHttpHandler NewHandler(int connections) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = true,
        MaxConnectionsPerServer = connections,
        ConnectTimeout = ServiceDiscoveryResolver.ConnectPatience,
        // So that a service that moved to another address is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        // A header that is no ASCII is the service's to refuse, by name; left to the client it would be our fault.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ActivityHeadersPropagator = new ReverseProxyPropagator(new TraceContextOnly()),
    };

    private async Task ForwardAsync(HttpContext http, string service, ForwardedRequest request)
    {
        if (!IsPlain(http.Request.Path.Value))
        {
            await Problems.WriteAsync(http, ProblemCodes.NotFound, "There is nothing here.");
            return;
        }

        if (!await RequestBody.FitsAsync(http))
        {
            await Problems.WriteAsync(http, ProblemCodes.BodyTooLarge,
                $"A body may have {ServiceDefaultsExtensions.BodyLimit} bytes at most.");
            return;
        }

        var client = OpenStreams.IsOne(http.Request) ? _streamClient : _client;
        var destination = await services.ResolveAsync(service, http.RequestAborted);
        var error = destination is null
            ? ForwarderError.NoAvailableDestinations
            : await forwarder.SendAsync(http, destination, client, Patience, request, http.RequestAborted);
        if (http.RequestAborted.IsCancellationRequested)
            return;
        if (destination is not null && error is not ForwarderError.None && NothingWasSent(CauseOf(http)))
            services.Failed(destination);
        else if (destination is not null)
            services.Reached(destination);
        if (error is not ForwarderError.None)
            await ExplainAsync(http, service, error);
    }

    /// <summary>
    /// Our routes are made of these characters alone. Whatever a second reader of the path could take for something
    /// else (an encoded slash, a back slash, dot segments, an empty segment) is no route.
    /// </summary>
    private static bool IsPlain(string? path)
    {
        for (var i = 0; path is not null && i < path.Length; i++)
        {
            var plain = path[i] is '/' or '.' ? i == 0 || path[i - 1] != path[i] : IsNameCharacter(path[i]);
            if (!plain || (path[i] == '.' && path[i - 1] == '/'))
                return false;
        }

        return path is not null;
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '~';

    private async Task ExplainAsync(HttpContext http, string service, ForwarderError error)
    {
        var cause = CauseOf(http);
        if (http.Response.HasStarted)
        {
            // The forwarder has cut the connection: the caller sees that the answer is not whole.
            LogCutOff(service, error, cause);
            return;
        }

        if (NothingWasSent(cause))
        {
            LogUnreachable(service, error, cause?.Message);
            await Problems.WriteAsync(http, new ProblemException(
                ProblemCodes.ServiceUnavailable, "The service behind this route can't be reached; nothing was done.")
            {
                RetryAfterSeconds = 1,
            });
        }
        else
        {
            LogNoAnswer(service, error, cause);
            await Problems.WriteAsync(http, ProblemCodes.BadGateway,
                "The service behind this route gave no proper answer; the request may have been carried out.");
        }
    }

    private static Exception? CauseOf(HttpContext http) => http.GetForwarderErrorFeature()?.Exception;

    /// <summary>No connection came about: the request may be repeated even without an idempotency key.</summary>
    private static bool NothingWasSent(Exception? cause) =>
        cause is null || ServiceDiscoveryResolver.IsNoConnection(cause);

    [LoggerMessage(LogLevel.Information, "A request to {Service} was ended: its key {Key} was revoked or changed")]
    private partial void LogEnded(string service, string key);

    [LoggerMessage(LogLevel.Warning, "The service {Service} can't be reached ({Error}): {Reason}")]
    private partial void LogUnreachable(string service, ForwarderError error, string? reason);

    [LoggerMessage(LogLevel.Warning, "The service {Service} gave no proper answer ({Error})")]
    private partial void LogNoAnswer(string service, ForwarderError error, Exception? cause);

    [LoggerMessage(LogLevel.Warning, "The answer of the service {Service} was cut off ({Error})")]
    private partial void LogCutOff(string service, ForwarderError error, Exception? cause);
}

public static class ForwardingRegistration
{
    public static void AddForwarding(this WebApplicationBuilder builder)
    {
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<ServiceDiscoveryResolver>();
        builder.Services.AddSingleton<OpenStreams>();
        builder.Services.AddSingleton<Forwarding>();
    }
}
