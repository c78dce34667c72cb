using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Makes one attempt: signs the stored bytes, posts them, and reports what came back (contracts.md, section 4). One
/// socket pool for each environment, because a connection that a test endpoint may use must never serve a live one.
/// </summary>
public sealed class DeliverySender(EgressGuard egress, SecretVault vault, TimeProvider clock) : IDisposable
{
    /// <summary>For connecting, and for everything together.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private static readonly ActivitySource Source = new("Kobbopay.Webhooks");

    private readonly HttpMessageInvoker _live = Create(egress, MerchantEnvironments.Live);
    private readonly HttpMessageInvoker _test = Create(egress, MerchantEnvironments.Test);

    public async Task<Attempt> SendAsync(ClaimedDelivery delivery)
    {
        var startedAt = clock.GetUtcNow();
        // Again, because the rules may have changed since the endpoint was made.
        if (delivery.CheckedUrl(egress) is not { } url)
            return new Attempt(startedAt, TimeSpan.Zero, StatusCode: null, ErrorKinds.UrlRefused);

        using var activity = StartActivity(delivery, url);
        using var deadline = new CancellationTokenSource(Timeout, clock);
        using var content = new AttemptContent(delivery.Body, clock);
        Attempt attempt;
        try
        {
            using var request = Sign(delivery, url, content, startedAt, activity?.Id ?? delivery.TraceParent);
            attempt = await PostAsync(request, content, delivery.Target.Environment, startedAt, deadline.Token);
        }
        catch (CryptographicException)
        {
            // The key ring lacks this row's key: ours to mend, and the delivery waits for it by its schedule.
            attempt = new Attempt(startedAt, content.Elapsed, StatusCode: null, ErrorKinds.SecretUnavailable);
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("http.response.status_code", attempt.StatusCode);
            activity.SetTag("error.type", attempt.ErrorKind);
        }

        return attempt;
    }

    /// <summary>Posts a request that is complete, through the guarded pool of its environment.</summary>
    /// <param name="content">The request's own.</param>
    /// <param name="deadline">Its end is the attempt's, as a time-out.</param>
    internal async Task<Attempt> PostAsync(
        HttpRequestMessage request,
        AttemptContent content,
        string environment,
        DateTimeOffset startedAt,
        CancellationToken deadline)
    {
        Attempt attempt;
        try
        {
            var pool = environment == MerchantEnvironments.Live ? _live : _test;
            using var response = await pool.SendAsync(request, deadline);
            content.Answered();
            attempt = await Answer.ReadAsync(response, startedAt, clock, deadline);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            attempt = new Attempt(startedAt, TimeSpan.Zero, StatusCode: null, ErrorKinds.Of(failure));
        }

        return attempt with
        {
            Latency = content.Elapsed,
            Connect = content.Connect,
            Tls = content.Tls(request.RequestUri!.Scheme == Uri.UriSchemeHttps),
            FirstByte = content.FirstByte,
        };
    }

    public void Dispose()
    {
        _live.Dispose();
        _test.Dispose();
    }

    private HttpRequestMessage Sign(
        ClaimedDelivery delivery, Uri url, AttemptContent content, DateTimeOffset now, string? traceParent)
    {
        var eventId = Id.Format(Id.Event, delivery.EventId);
        var secrets = delivery.Target.OpenSecrets(vault, now);
        var signed = WebhookSignature.Sign(
            eventId, now, delivery.Body, secrets.Secret, secrets.NextSecret, delivery.Target.BodySignature);
        return Request(url, content, secrets.Headers, signed, delivery.DeliveryId, traceParent);
    }

    /// <summary>A request as an endpoint gets it.</summary>
    /// <param name="own">The merchant's headers.</param>
    /// <param name="signed">Id, time and signatures.</param>
    internal static HttpRequestMessage Request(
        Uri url,
        AttemptContent content,
        IReadOnlyList<KeyValuePair<string, string>> own,
        IReadOnlyList<KeyValuePair<string, string>> signed,
        Guid deliveryId,
        string? traceParent)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        foreach (var (name, value) in own)
            request.Headers.TryAddWithoutValidation(name, value);
        foreach (var (name, value) in signed)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation(WebhookHeaders.DeliveryId, Id.Format(Id.Delivery, deliveryId));
        request.Headers.TryAddWithoutValidation("User-Agent", "Kobbopay-Webhooks/1.0");
        if (traceParent is not null)
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        return request;
    }

    /// <summary>One span for each attempt, in the trace of the request that caused the event.</summary>
    private static Activity? StartActivity(ClaimedDelivery delivery, Uri url)
    {
        _ = ActivityContext.TryParse(delivery.TraceParent, traceState: null, isRemote: true, out var cause);
        var activity = Source.StartActivity("webhook attempt", ActivityKind.Client, cause);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("http.request.method", "POST");
            activity.SetTag("server.address", url.Host);
            activity.SetTag("kobbopay.delivery.id", Id.Format(Id.Delivery, delivery.DeliveryId));
            activity.SetTag("kobbopay.attempt", delivery.Attempt);
        }

        return activity;
    }

    /// <summary>The socket pool's events belong to the attempt that they are for.</summary>
    private static AttemptContent? Watch(HttpRequestMessage request) => request.Content as AttemptContent;

    private static async ValueTask<Stream> ConnectAsync(
        EgressGuard egress, string environment, SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var watch = Watch(context.InitialRequestMessage);
        watch?.Connecting();
        var stream = await egress.ConnectAsync(context.DnsEndPoint, environment, cancellation);
        watch?.Connected();
        return stream;
    }

    /// <summary>
    /// Certificates are always checked, with what the handshake brings and nothing else: an address that a certificate
    /// names for missing issuers or for its revocation is one more URL that a stranger has chosen, and no guard is on
    /// the way there.
    /// </summary>
    [SuppressMessage("Security", "CA5398", Justification = "No system's configuration may let an older one in.")]
    private static SslClientAuthenticationOptions Secure() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        CertificateChainPolicy = new X509ChainPolicy
        {
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.1", "Server Authentication") },
        },
    };

    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler.")]
    private static HttpMessageInvoker Create(EgressGuard egress, string environment) => new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellation) => ConnectAsync(egress, environment, context, cancellation),
        PlaintextStreamFilter = (context, _) =>
        {
            Watch(context.InitialRequestMessage)?.Ready();
            return ValueTask.FromResult<Stream>(new BoundedStream(context.PlaintextStream));
        },
        SslOptions = Secure(),
        ConnectTimeout = ConnectTimeout,
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        Credentials = null,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16,
        MaxResponseDrainSize = 64 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        // A name's new addresses are seen within this time.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        // The trace header is the attempt's own span, set with the others.
        ActivityHeadersPropagator = null,
    });
}
