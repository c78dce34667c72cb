using System.Diagnostics;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kobbopay.Client.Http;

/// <summary>Sends calls, repeats those that failed for a cause that passes, and reads the answers.</summary>
internal sealed class ApiConnection
{
    /// <summary>A page of a hundred of the largest events, and some.</summary>
    private const int LargestAnswer = 32 * 1024 * 1024;

    private const string Json = "application/json";

    private static readonly ProductInfoHeaderValue Agent = new(
        "kobbopay-dotnet", typeof(ApiConnection).Assembly.GetName().Version?.ToString(fieldCount: 3));

    private readonly HttpClient _http;
    private readonly Uri _base;

    public ApiConnection(HttpClient http, KobbopayClientOptions options, TimeProvider clock)
    {
        (_http, Options, Clock) = (http, options, clock);
        var address = options.BaseAddress ?? http.BaseAddress ?? throw new ArgumentException(
            "Neither the options nor the HttpClient have a BaseAddress.", nameof(options));
        // Without the slash, the last part of the path would be replaced and not continued.
        _base = address.AbsolutePath.EndsWith('/')
            ? address
            : new UriBuilder(address) { Path = address.AbsolutePath + '/' }.Uri;
    }

    public KobbopayClientOptions Options { get; }

    public TimeProvider Clock { get; }

    public Task<T> GetAsync<T>(ApiPath path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        ReadAsync(new ApiCall(HttpMethod.Get, path.ToString()), type, cancellation);

    public async Task<KobbopayResult<T>> PostAsync<T>(
        ApiPath path, byte[] body, JsonTypeInfo<T> type, string? idempotencyKey, CancellationToken cancellation,
        TimeSpan extraTime = default)
    {
        var key = idempotencyKey ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
        var call = new ApiCall(HttpMethod.Post, path.ToString())
        {
            Body = body,
            IdempotencyKey = key,
            ExtraTime = extraTime,
        };
        using var answer = await SendAsync(call, cancellation).ConfigureAwait(false);
        return new KobbopayResult<T>(await ReadAsync(call, answer, type).ConfigureAwait(false))
        {
            IdempotencyKey = key,
            IdempotencyReplayed = answer.Headers.Contains("Idempotency-Replayed"),
            OrderReplayed = answer.Headers.Contains("Order-Replayed"),
            RequestId = ProblemJson.RequestIdOf(answer),
        };
    }

    public Task<T> PatchAsync<T>(ApiPath path, byte[] body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        ReadAsync(new ApiCall(HttpMethod.Patch, path.ToString()) { Body = body }, type, cancellation);

    public async Task DeleteAsync(ApiPath path, CancellationToken cancellation)
    {
        var call = new ApiCall(HttpMethod.Delete, path.ToString());
        using var answer = await SendAsync(call, cancellation).ConfigureAwait(false);
    }

    public async Task<T> ReadAsync<T>(ApiCall call, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var answer = await SendAsync(call, cancellation).ConfigureAwait(false);
        return await ReadAsync(call, answer, type).ConfigureAwait(false);
    }

    /// <returns>A success, to be disposed of.</returns>
    public async Task<HttpResponseMessage> SendAsync(ApiCall call, CancellationToken cancellation)
    {
        for (var failures = 0; ; failures++)
        {
            var (answer, failure) = await TryAsync(call, cancellation).ConfigureAwait(false);
            if (answer is not null)
                return answer;
            // Gone already: an attempt before this one did it, and its answer was lost.
            if (call.Method == HttpMethod.Delete && failures > 0
                && failure is KobbopayProblemException { Code: KobbopayProblemCodes.NotFound })
            {
                return new HttpResponseMessage(System.Net.HttpStatusCode.NoContent);
            }

            if (failures >= Options.MaxRetries || !Retries.IsPassing(failure!)
                || Retries.DelayAfter(failure!, failures, Options) is not { } delay)
            {
                ExceptionDispatchInfo.Throw(failure!);
                throw new UnreachableException();
            }

            Options.OnRetry?.Invoke(new KobbopayRetry(call.ToString(), failure!, failures + 1, delay));
            await Task.Delay(delay, Clock, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>For what goes on for ever: waits after a failure that passes, as long as it is asked to.</summary>
    /// <exception cref="Exception">The failure, when it does not pass.</exception>
    public Task WaitOutAsync(ApiCall call, Exception failure, int failures, CancellationToken cancellation)
    {
        if (!Retries.IsPassing(failure))
            ExceptionDispatchInfo.Throw(failure);
        var delay = Retries.BackOff(failures, Options);
        if (failure is KobbopayProblemException { RetryAfter: { } asked } && asked > delay)
            delay = asked;
        Options.OnRetry?.Invoke(new KobbopayRetry(call.ToString(), failure, failures + 1, delay));
        return Task.Delay(delay, Clock, cancellation);
    }

    private async Task<(HttpResponseMessage? Answer, Exception? Failure)> TryAsync(
        ApiCall call, CancellationToken cancellation)
    {
        var limit = Options.Timeout + call.ExtraTime;
        using var timeout = new CancellationTokenSource(limit, Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await AttemptAsync(call, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException canceled) when (!cancellation.IsCancellationRequested)
        {
            // The HttpClient's own limit says so in the same way.
            return (null, canceled.InnerException is TimeoutException ? canceled : new TaskCanceledException(
                $"{call}: no answer within {limit.TotalSeconds} s.",
                new TimeoutException("The attempt took too long.", canceled)));
        }
        catch (HttpRequestException failure)
        {
            return (null, failure);
        }
    }

    private async Task<(HttpResponseMessage? Answer, Exception? Failure)> AttemptAsync(
        ApiCall call, CancellationToken cancellation)
    {
        using var request = RequestOf(call);
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation)
            .ConfigureAwait(false);
        var isKept = false;
        try
        {
            if (!call.IsStreamed || !answer.IsSuccessStatusCode)
                await answer.Content.LoadIntoBufferAsync(LargestAnswer, cancellation).ConfigureAwait(false);
            isKept = answer.IsSuccessStatusCode;
            return isKept
                ? (answer, null)
                : (null, await ProblemJson.ReadAsync(call, answer, Clock, cancellation).ConfigureAwait(false));
        }
        finally
        {
            if (!isKept)
                answer.Dispose();
        }
    }

    private HttpRequestMessage RequestOf(ApiCall call)
    {
        var request = new HttpRequestMessage(call.Method, new Uri(_base, call.Path));
        request.Headers.UserAgent.Add(Agent);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(call.IsStreamed ? "*/*" : Json));
        if (!call.IsPublic && Options.ApiKey is { Length: > 0 } key)
            request.Headers.Add("x-api-key", key);
        if (call.IdempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", call.IdempotencyKey);
        if (call.LastEventId is not null)
            request.Headers.Add("Last-Event-ID", call.LastEventId);
        if (call.Body is not null)
        {
            request.Content = new ByteArrayContent(call.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(Json);
        }

        return request;
    }

    private static async Task<T> ReadAsync<T>(ApiCall call, HttpResponseMessage answer, JsonTypeInfo<T> type)
    {
        // In memory already.
        var bytes = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(bytes, type)
                ?? throw ProblemJson.Unreadable(call, answer, "null", cause: null);
        }
        catch (JsonException cause)
        {
            throw ProblemJson.Unreadable(call, answer, System.Text.Encoding.UTF8.GetString(bytes), cause);
        }
    }
}
