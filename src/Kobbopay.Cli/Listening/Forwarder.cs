using System.Net.Http.Headers;
using System.Security.Cryptography;
using Kobbopay.Cli.Running;
using Kobbopay.Client;

namespace Kobbopay.Cli.Listening;

/// <summary>Posts events to a receiver of this machine as the server would: the same bytes, headers and signatures, the
/// same patience.</summary>
internal sealed class Forwarder : IDisposable
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = ConnectPatience,
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly Uri _target;
    private readonly string _secret;
    private readonly TimeProvider _clock;

    public Forwarder(Uri target, string secret, TimeProvider clock) =>
        (_target, _secret, _clock) = (target, secret, clock);

    public Uri Target => _target;

    /// <exception cref="CliException">It is no address.</exception>
    public static Uri TargetOf(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        return Uri.TryCreate(full, UriKind.Absolute, out var target) && target.Scheme is "http" or "https"
            && target.Host.Length > 0
            ? target
            : throw new CliException(
                $"{Redaction.Printable(text)} is no address to forward to.",
                "give it as http://localhost:3000/webhooks.", ExitCodes.Usage);
    }

    public async Task<Forwarded> SendAsync(KobbopayEvent one, string deliveryId, CancellationToken cancellation)
    {
        using var request = Request(one, deliveryId);
        var begun = _clock.GetTimestamp();
        using var limit = new CancellationTokenSource(Patience, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return new Forwarded((int)answer.StatusCode, Error: null, Elapsed(begun));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Forwarded(Status: null, $"no answer within {Patience.TotalSeconds} s", Elapsed(begun));
        }
        catch (HttpRequestException cause)
        {
            return new Forwarded(Status: null, cause.Message, Elapsed(begun));
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(KobbopayEvent one, string deliveryId)
    {
        var body = one.Body.ToArray();
        var request = new HttpRequestMessage(HttpMethod.Post, _target) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in WebhookSignature.Sign(one.Id, _clock.GetUtcNow(), body, _secret))
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation(WebhookHeaders.DeliveryId, deliveryId);
        request.Headers.TryAddWithoutValidation("User-Agent", "Kobbopay-Webhooks/1.0");
        request.Headers.TryAddWithoutValidation(
            "traceparent",
            $"00-{RandomNumberGenerator.GetHexString(32, lowercase: true)}-"
            + $"{RandomNumberGenerator.GetHexString(16, lowercase: true)}-01");
        return request;
    }

    private long Elapsed(long begun) => (long)_clock.GetElapsedTime(begun).TotalMilliseconds;
}

/// <summary>How a receiver answered.</summary>
internal sealed record Forwarded(int? Status, string? Error, long LatencyMs)
{
    public bool IsTaken => Status is >= 200 and < 300;

    public string Told => Status is { } status ? $"{status}" : Error ?? "no answer";
}
