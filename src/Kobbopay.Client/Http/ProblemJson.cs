using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kobbopay.Client.Http;

/// <summary>An answer of <c>application/problem+json</c>; whatever may be missing is null.</summary>
internal sealed record ProblemJson
{
    /// <summary>Of an answer that is no problem, as much as tells a person where it came from.</summary>
    private const int ExcerptLength = 200;

    public string? Title { get; init; }

    public string? Detail { get; init; }

    public string? Code { get; init; }

    public string? RequestId { get; init; }

    public bool? Retryable { get; init; }

    public IReadOnlyList<KobbopayProblemField>? Errors { get; init; }

    [JsonPropertyName("payment_id")]
    public string? PaymentId { get; init; }

    public string? PublicStatusUrl { get; init; }

    public long? OldestSequence { get; init; }

    public static async Task<KobbopayProblemException> ReadAsync(
        ApiCall call, HttpResponseMessage answer, TimeProvider clock, CancellationToken cancellation)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        var type = answer.Content.Headers.ContentType?.MediaType;
        var wait = WaitOf(answer.Headers.RetryAfter, clock);
        var status = (int)answer.StatusCode;
        if (type != "application/problem+json" || Parse(text) is not { Code: not null } problem)
        {
            return new KobbopayProblemException(
                $"{call}: {status}, and no problem of Kobbopay's but {type ?? "no type"}: {ExcerptOf(text)}")
            {
                Status = status,
                RequestId = RequestIdOf(answer),
                Retryable = IsPassing(answer.StatusCode),
                RetryAfter = wait,
            };
        }

        var message = $"{problem.Title}: {problem.Detail} ({problem.Code}, {status}, {problem.RequestId})";
        return problem is { Code: KobbopayProblemCodes.CursorExpired, OldestSequence: { } oldest }
            ? new KobbopayCursorExpiredException(message)
            {
                OldestSequence = oldest,
                Status = status,
                Code = problem.Code,
                Title = problem.Title,
                Detail = problem.Detail,
                RequestId = problem.RequestId ?? RequestIdOf(answer),
            }
            : new KobbopayProblemException(message)
            {
                Status = status,
                Code = problem.Code,
                Title = problem.Title,
                Detail = problem.Detail,
                RequestId = problem.RequestId ?? RequestIdOf(answer),
                Retryable = problem.Retryable ?? IsPassing(answer.StatusCode),
                RetryAfter = wait,
                Errors = problem.Errors ?? [],
                PaymentId = problem.PaymentId,
                PublicStatusUrl = problem.PublicStatusUrl,
            };
    }

    /// <summary>A success that is not what was asked for, as from a captive portal.</summary>
    public static KobbopayProblemException Unreadable(
        ApiCall call, HttpResponseMessage answer, string text, JsonException? cause)
    {
        var type = answer.Content.Headers.ContentType?.MediaType ?? "no type";
        // JSON may be an answer of ours, and hold a secret: that has no place in a message.
        var excerpt = type == "application/json" ? $"{text.Length} characters" : ExcerptOf(text);
        return new KobbopayProblemException(
            $"{call}: {(int)answer.StatusCode}, but the answer can't be read: {type}, {excerpt}", cause)
        {
            Status = (int)answer.StatusCode,
            RequestId = RequestIdOf(answer),
        };
    }

    public static string? RequestIdOf(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.First() : null;

    /// <summary>Refusals that pass by themselves, whoever gave them.</summary>
    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout
        or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
        or HttpStatusCode.GatewayTimeout;

    private static TimeSpan? WaitOf(RetryConditionHeaderValue? header, TimeProvider clock)
    {
        var wait = header?.Delta ?? header?.Date - clock.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static ProblemJson? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, KobbopayJson.Default.ProblemJson);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string ExcerptOf(string text)
    {
        var words = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return words.Length <= ExcerptLength
            ? words
            : string.Create(CultureInfo.InvariantCulture, $"{words.AsSpan(0, ExcerptLength)}...");
    }
}
