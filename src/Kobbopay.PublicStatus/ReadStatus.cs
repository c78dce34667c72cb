using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.PublicStatus.Languages;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.PublicStatus;

/// <summary>
/// <c>GET /v1/public/payments/{token}</c>: what a payer may see, for any origin (contracts.md, section 5).
/// </summary>
public static class ReadStatus
{
    public const string Route = "/v1/public/payments/{token}";

    /// <summary>Seconds that a browser may remember the answer to its preflight.</summary>
    private const string PreflightLifetime = "86400";

    public static void MapReadStatus(this IEndpointRouteBuilder app)
    {
        app.MapMethods(Route, [HttpMethods.Get, HttpMethods.Head], HandleAsync).AllowPublic()
            .Describe("getPublicPayment", "Read what a payer may see of a payment")
            .Answers<PublicStatusBody>()
            .Answers(StatusCodes.Status304NotModified);
        app.MapMethods(Route, [HttpMethods.Options], AnswerPreflight).AllowPublic();
    }

    private static async Task HandleAsync(
        string token, HttpContext http, PublicViews views, TimeProvider clock, CancellationToken cancellation)
    {
        AllowAnyOrigin(http);
        var finding = await views.FindAsync(token, cancellation);
        http.Response.Headers.CacheControl = "no-cache";
        if (finding.View is not { } view)
        {
            await Problems.WriteAsync(http, WhyNone(finding));
            return;
        }

        var now = clock.GetUtcNow();
        var language = Language.Of(http.Request);
        language.Declare(http.Response);
        var etag = ETagOf(view, now, language);
        http.Response.Headers.ETag = etag;
        if (Matches(http.Request.Headers.IfNoneMatch, etag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(
            http.Response.BodyWriter,
            PublicStatusBody.Of(view, now, language),
            PublicStatusJson.Default.PublicStatusBody,
            cancellation);
    }

    private static IResult AnswerPreflight(HttpContext http)
    {
        AllowAnyOrigin(http);
        http.Response.Headers.AccessControlAllowMethods = "GET, HEAD";
        http.Response.Headers.AccessControlAllowHeaders = "If-None-Match, Cache-Control";
        http.Response.Headers.AccessControlMaxAge = PreflightLifetime;
        return Results.NoContent();
    }

    /// <summary>
    /// Set when the answer starts, since the handler of unexpected failures clears what was set before.
    /// </summary>
    public static void AllowAnyOrigin(HttpContext http) => http.Response.OnStarting(
        static state =>
        {
            var headers = ((HttpResponse)state).Headers;
            headers.AccessControlAllowOrigin = "*";
            headers.AccessControlExposeHeaders = "ETag, Retry-After, X-Request-Id";
            return Task.CompletedTask;
        },
        http.Response);

    /// <summary>One same answer for every token that is not known, whatever is wrong with it.</summary>
    public static ProblemException WhyNone(Finding finding) => finding.IsUnavailable
        ? new(ProblemCodes.ServiceUnavailable, "The payment can't be looked up right now.") { RetryAfterSeconds = 2 }
        : new(ProblemCodes.NotFound, "There is no payment with this token.");

    /// <summary>
    /// Version and progress, and what the guidance depends on besides: whether the time to pay has run out, and the
    /// language. Weak, since <c>serverTime</c> differs from answer to answer.
    /// </summary>
    public static string ETagOf(PublicPayment view, DateTimeOffset now, Language language)
    {
        var over = Guidance.IsTimeOver(view, now) ? ".over" : "";
        var tongue = ReferenceEquals(language, Language.English) ? "" : $".{language.Tag}";
        return $"W/\"{view.Version}.{view.Progress}{over}{tongue}\"";
    }

    private static bool Matches(StringValues ifNoneMatch, string etag)
    {
        if (ifNoneMatch.Count == 0)
            return false;
        if (ifNoneMatch.Count == 1 && string.Equals(ifNoneMatch[0], etag, StringComparison.Ordinal))
            return true;
        var current = EntityTagHeaderValue.Parse(etag);
        return EntityTagHeaderValue.TryParseList(ifNoneMatch, out var known)
            && known.Any(tag => tag.Tag == "*" || tag.Compare(current, useStrongComparison: false));
    }
}

/// <summary>
/// The closed list of fields of contracts.md, section 5; amounts are decimal strings, times RFC 3339 UTC.
/// </summary>
public sealed record PublicStatusBody(
    string Environment,
    string Merchant,
    string Amount,
    string Currency,
    string Network,
    string NetworkName,
    string? Contract,
    string Address,
    string PaymentUri,
    string Status,
    string Outcome,
    bool Late,
    string Received,
    string Missing,
    int Confirmations,
    int Required,
    bool Delayed,
    string ExpiresAt,
    string ServerTime,
    string Guidance,
    string? ReturnUrl,
    IReadOnlyList<PublicTransfer> Transfers)
{
    public static PublicStatusBody Of(PublicPayment view, DateTimeOffset now, Language language) => new(
        view.Environment,
        view.Merchant,
        view.Amount,
        view.Currency,
        view.Network,
        view.NetworkName,
        view.Contract,
        view.Address,
        view.PaymentUri,
        view.Status,
        view.Outcome,
        view.Late,
        view.Received,
        view.Missing,
        view.Confirmations,
        view.Required,
        view.Delayed,
        Rfc3339.Format(view.ExpiresAt),
        Rfc3339.Format(now),
        PublicStatus.Guidance.For(view, now, language),
        view.ReturnUrl,
        view.Transfers);
}

/// <summary>RFC 3339 UTC with milliseconds (contracts.md, section 1).</summary>
public static class Rfc3339
{
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PublicStatusBody))]
internal sealed partial class PublicStatusJson : JsonSerializerContext;
