using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>A refusal with a code from <see cref="ProblemCodes"/>; its texts are written for the caller.</summary>
public sealed class ProblemException(string code, string detail, IReadOnlyList<InvalidField>? errors = null)
    : Exception(detail)
{
    public string Code { get; } = code;

    public IReadOnlyList<InvalidField>? Errors { get; } = errors;

    /// <summary>Seconds for <c>Retry-After</c>, where waiting helps.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The payment that stands in the way (409 on an order).</summary>
    public ConflictingPayment? Conflict { get; init; }

    /// <summary>Where the feed begins (410 on a cursor that is older).</summary>
    public long? OldestSequence { get; init; }

    /// <exception cref="ProblemException"><c>invalid_request</c> that names each of these, when there is
    /// one.</exception>
    public static void ThrowIfAny(IEnumerable<InvalidField?> fields)
    {
        var errors = fields.OfType<InvalidField>().ToList();
        if (errors.Count > 0)
        {
            throw new ProblemException(
                ProblemCodes.InvalidRequest, string.Join(' ', errors.Select(e => $"{e.Pointer}: {e.Message}")), errors);
        }
    }
}

/// <param name="Pointer">RFC 6901 JSON pointer into the body, or <c>?name</c> for a query parameter.</param>
public sealed record InvalidField(string Pointer, string Code, string Message);

public sealed record ConflictingPayment(string PaymentId, string PublicStatusUrl);

/// <summary>RFC 9457 <c>application/problem+json</c> as contracts.md, section 1 has it.</summary>
public static class Problems
{
    public const string ContentType = "application/problem+json";

    // Read in terminals: an apostrophe stays one. The content type and nosniff keep browsers from taking it for HTML.
    private static readonly ProblemJson Json = new(new JsonSerializerOptions(ProblemJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static async Task WriteAsync(HttpContext http, ProblemException problem)
    {
        var kind = ProblemCodes.All[problem.Code];
        if (problem.RetryAfterSeconds is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString();

        http.Response.StatusCode = kind.Status;
        var body = new ProblemBody(
            $"/docs/errors#{kind.Code.Replace('_', '-')}",
            kind.Title,
            kind.Status,
            problem.Message,
            http.Request.Path.Value ?? "/",
            kind.Code,
            http.TraceIdentifier,
            kind.Retryable,
            problem.Errors,
            problem.Conflict?.PaymentId,
            problem.Conflict?.PublicStatusUrl,
            problem.OldestSequence);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, Json.ProblemBody);
        http.Response.ContentType = ContentType;
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }

    public static Task WriteAsync(HttpContext http, string code, string detail) =>
        WriteAsync(http, new ProblemException(code, detail));

    /// <summary>Gives a bare status that the framework set (no such route, wrong method) its problem.</summary>
    public static Task WriteForStatusAsync(HttpContext http) => http.Response.StatusCode switch
    {
        404 => WriteAsync(http, ProblemCodes.NotFound, "There is nothing here."),
        405 => WriteAsync(
            http, ProblemCodes.MethodNotAllowed,
            $"This route does not take {http.Request.Method}; see the Allow header."),
        413 => WriteAsync(
            http, ProblemCodes.BodyTooLarge, $"A body may have {ServiceDefaultsExtensions.BodyLimit} bytes at most."),
        415 => WriteAsync(http, ProblemCodes.UnsupportedMediaType, "Send the body as application/json."),
        502 or 504 => WriteAsync(http, ProblemCodes.BadGateway, "A service behind this route gave no proper answer."),
        503 => WriteAsync(http, ProblemCodes.ServiceUnavailable, "Try again in a few seconds."),
        >= 500 => WriteAsync(http, ProblemCodes.InternalError, "The request id helps us to find what happened."),
        _ => Task.CompletedTask,
    };
}

internal sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Instance,
    string Code,
    string RequestId,
    bool Retryable,
    IReadOnlyList<InvalidField>? Errors,
    [property: JsonPropertyName("payment_id")] string? PaymentId,
    string? PublicStatusUrl,
    long? OldestSequence);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class ProblemJson : JsonSerializerContext;
