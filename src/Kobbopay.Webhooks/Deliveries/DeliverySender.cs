using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
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
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpMessageInvoker _live = Create(egress, MerchantEnvironments.Live);
    private readonly HttpMessageInvoker _test = Create(egress, MerchantEnvironments.Test);

    public async Task<Attempt> SendAsync(ClaimedDelivery delivery)
    {
        using var activity = StartActivity(delivery);
        var startedAt = clock.GetUtcNow();
        var start = clock.GetTimestamp();
        using var deadline = new CancellationTokenSource(Timeout, clock);
        Attempt attempt;
        try
        {
            using var request = Sign(delivery, startedAt, activity?.Id ?? delivery.TraceParent);
            var pool = delivery.Target.Environment == MerchantEnvironments.Live ? _live : _test;
            using var response = await pool.SendAsync(request, deadline.Token);
            attempt = await Answer.ReadAsync(response, startedAt, clock, deadline.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            attempt = new Attempt(startedAt, TimeSpan.Zero, StatusCode: null, KindOf(failure));
        }
        catch (CryptographicException)
        {
            // The key ring lacks this row's key: ours to mend, and the delivery waits for it by its schedule.
            attempt = new Attempt(startedAt, TimeSpan.Zero, StatusCode: null, "secret_unavailable");
        }

        activity?.SetTag("http.response.status_code", attempt.StatusCode);
        activity?.SetTag("error.type", attempt.ErrorKind);
        return attempt with { Latency = clock.GetElapsedTime(start) };
    }

    public void Dispose()
    {
        _live.Dispose();
        _test.Dispose();
    }

    private HttpRequestMessage Sign(ClaimedDelivery delivery, DateTimeOffset now, string? traceParent)
    {
        var content = new ByteArrayContent(delivery.Body);
        content.Headers.ContentType = Json;
        var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url) { Content = content };
        var eventId = Id.Format(Id.Event, delivery.EventId);
        foreach (var (name, value) in WebhookSignature.Sign(
            eventId, now, delivery.Body, delivery.Target.OpenSecret(vault),
            bodySignature: delivery.Target.BodySignature))
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation(WebhookHeaders.DeliveryId, Id.Format(Id.Delivery, delivery.DeliveryId));
        request.Headers.TryAddWithoutValidation("User-Agent", "Kobbopay-Webhooks/1.0");
        if (traceParent is not null)
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        return request;
    }

    /// <summary>One span for each attempt, in the trace of the request that caused the event.</summary>
    private static Activity? StartActivity(ClaimedDelivery delivery)
    {
        _ = ActivityContext.TryParse(delivery.TraceParent, traceState: null, isRemote: true, out var cause);
        var activity = Source.StartActivity("webhook attempt", ActivityKind.Client, cause);
        activity?.SetTag("http.request.method", "POST");
        activity?.SetTag("server.address", delivery.Url.Host);
        activity?.SetTag("kobbopay.delivery.id", Id.Format(Id.Delivery, delivery.DeliveryId));
        activity?.SetTag("kobbopay.attempt", delivery.Attempt);
        return activity;
    }

    private static string KindOf(Exception failure) => failure switch
    {
        OperationCanceledException => Attempt.TimedOut,
        _ when Find<BlockedAddressException>(failure) is not null => "blocked_address",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "dns",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "tls",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "connect",
        _ when Find<SocketException>(failure) is not null => "connection_lost",
        _ => "invalid_answer",
    };

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not (null or T))
            failure = failure.InnerException;
        return failure as T;
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler.")]
    private static HttpMessageInvoker Create(EgressGuard egress, string environment) => new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellation) =>
            egress.ConnectAsync(context.DnsEndPoint, environment, cancellation),
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
