using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// The way to one provider. A provider may do anything at all: no answer takes longer or more memory than the limits
/// here. Nor is its URL shown to anybody, which often is the key to it: exceptions name number and host.
/// </summary>
internal sealed class RpcConnection(int number, Uri url, TimeProvider clock) : IDisposable
{
    /// <summary>For connecting, and for everything together.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of an answer, unpacked.</summary>
    private const int AnswerLimit = 64 * 1024 * 1024;

    /// <summary>Of memory that an answer is first given.</summary>
    private const int UsualAnswer = 64 * 1024;

    private readonly HttpMessageInvoker _pool = Create();
    private readonly ProviderFailures _failures = new(number, url);
    private readonly Uri _url = new UriBuilder(url) { UserName = "", Password = "" }.Uri;

    private readonly AuthenticationHeaderValue? _credentials = url.UserInfo is { Length: > 0 } user
        ? new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(user))))
        : null;

    private long _lastId;

    public ProviderFailures Failures => _failures;

    /// <summary>Makes these calls in one request.</summary>
    /// <returns>An answer to each of them; a call's own error is among the answers.</returns>
    /// <exception cref="ProviderException">The request has failed as a whole.</exception>
    public async Task<RpcAnswers> SendAsync(IReadOnlyList<RpcCall> calls, CancellationToken cancellation)
    {
        var firstId = Interlocked.Add(ref _lastId, calls.Count) - calls.Count + 1;
        using var deadline = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            using var request = Request(RpcCall.Body(calls, firstId));
            using var response = await _pool.SendAsync(request, either.Token);
            var (body, length) = await ReadAsync(response, either.Token);
            return Answers(response, body, length, firstId, calls.Count);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw _failures.Of(ProviderException.Timeout, "no whole answer in time");
        }
        catch (HttpRequestException failure)
        {
            throw _failures.Of(ProviderException.Unreachable, Describe(failure));
        }
        catch (IOException)
        {
            throw _failures.Of(ProviderException.Unreachable, "the connection broke off");
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException)
        {
            throw _failures.Of(ProviderException.Malformed, "the answer can't be unpacked");
        }
    }

    public void Dispose() => _pool.Dispose();

    private HttpRequestMessage Request(ReadOnlyMemory<byte> body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "Kobbopay/1.0");
        request.Headers.Authorization = _credentials;
        return request;
    }

    /// <summary>The body in borrowed memory, whatever the status: errors of JSON-RPC come with any.</summary>
    private async Task<(byte[] Body, int Length)> ReadAsync(
        HttpResponseMessage response, CancellationToken cancellation)
    {
        var announced = response.Content.Headers.ContentLength ?? 0;
        if (announced > AnswerLimit)
            throw _failures.Of(ProviderException.TooLarge, "the answer is too large");
        var body = ArrayPool<byte>.Shared.Rent(Math.Max((int)announced, UsualAnswer));
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            var length = 0;
            while (await stream.ReadAsync(body.AsMemory(length), cancellation) is var read and > 0)
            {
                length += read;
                if (length > AnswerLimit)
                    throw _failures.Of(ProviderException.TooLarge, "the answer is too large");
                if (length < body.Length)
                    continue;
                var larger = ArrayPool<byte>.Shared.Rent(body.Length * 2);
                body.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(body);
                body = larger;
            }

            return (body, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(body);
            throw;
        }
    }

    private RpcAnswers Answers(HttpResponseMessage response, byte[] body, int length, long firstId, int calls)
    {
        var retryAfter = RetryAfter(response);
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            ArrayPool<byte>.Shared.Return(body);
            throw _failures.RateLimited(retryAfter);
        }

        RpcAnswers answers;
        try
        {
            answers = RpcAnswers.Read(body, length, firstId, calls);
        }
        catch (Exception failure) when (failure is FormatException or JsonException or InvalidOperationException)
        {
            throw response.IsSuccessStatusCode
                ? _failures.Malformed(failure)
                : _failures.OfStatus(response.StatusCode, retryAfter, calls > 1);
        }

        var limit = Enumerable.Range(0, calls).Select(answers.ErrorOf).Append(answers.Refusal)
            .FirstOrDefault(ProviderFailures.IsRateLimit);
        var refusal = limit is not null ? _failures.RateLimited(retryAfter, limit.Code)
            : answers.Refusal is { } error ? _failures.Of(error, refusesBatch: calls > 1)
            : null;
        if (refusal is null)
            return answers;
        answers.Dispose();
        throw refusal;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not { } after ? null : after.Delta ?? after.Date - clock.GetUtcNow();

    /// <summary>Not the exception's own words, which may have been made from what the provider sent.</summary>
    private static string Describe(HttpRequestException failure) => failure.InnerException is SocketException socket
        ? $"{failure.HttpRequestError}, {socket.SocketErrorCode}"
        : $"{failure.HttpRequestError}";

    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler.")]
    private static HttpMessageInvoker Create() => new(new SocketsHttpHandler
    {
        ConnectTimeout = ConnectTimeout,
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Brotli,
        MaxResponseHeadersLength = 16,
        // A name's new addresses are seen within this time.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        // Without one there are no spans either: they would show the URL.
        ActivityHeadersPropagator = null,
    });
}
