using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Client.AspNetCore;

/// <summary>
/// A webhook endpoint whose handler gets verified, typed events and nothing else. What the answers say: 204 taken;
/// 400 not a signed event; 401 not signed by any of the secrets, or not now; 413 too long; 500 the handler failed, or
/// the secrets can't be used. All but 204 are sent again by the schedule of retries.
/// </summary>
public static partial class KobbopayWebhookEndpoint
{
    /// <summary>An event takes 64 KiB at most; the margin is for what may come.</summary>
    public const int LargestBody = 128 * 1024;

    /// <summary>Maps a POST route that gives each verified event to the handler.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The route, such as <c>/webhooks</c>.</param>
    /// <param name="secrets">The endpoint's secrets, asked for at each request, so that a rotation needs no restart:
    /// during one, the old and the new secret.</param>
    /// <param name="handler">Takes the event, once by its id; the token is canceled when the sender stops
    /// waiting.</param>
    /// <returns>For conventions such as <c>AllowAnonymous</c>: the signature is the authentication.</returns>
    public static IEndpointConventionBuilder MapKobbopayWebhook(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<IReadOnlyCollection<string>> secrets,
        Func<KobbopayEvent, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return endpoints.MapKobbopayWebhook(
            pattern, secrets, (webhook, _, cancellation) => handler(webhook, cancellation));
    }

    /// <summary>The same for a handler that needs services: it gets those of the request.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The route, such as <c>/webhooks</c>.</param>
    /// <param name="secrets">The endpoint's secrets, asked for at each request, so that a rotation needs no restart:
    /// during one, the old and the new secret.</param>
    /// <param name="handler">Takes the event, once by its id; the token is canceled when the sender stops
    /// waiting.</param>
    /// <returns>For conventions such as <c>AllowAnonymous</c>: the signature is the authentication.</returns>
    public static IEndpointConventionBuilder MapKobbopayWebhook(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<IReadOnlyCollection<string>> secrets,
        Func<KobbopayEvent, IServiceProvider, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(handler);
        return endpoints.MapPost(pattern, async http =>
            await (await TakeAsync(http, secrets, handler)).ExecuteAsync(http));
    }

    private static async Task<IResult> TakeAsync(
        HttpContext http,
        Func<IReadOnlyCollection<string>> secrets,
        Func<KobbopayEvent, IServiceProvider, CancellationToken, Task> handler)
    {
        var logger = http.RequestServices.GetRequiredService<ILoggerFactory>()
            .CreateLogger(typeof(KobbopayWebhookEndpoint).FullName!);
        var clock = http.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System;
        if (await ReadAsync(http.Request) is not { } body)
        {
            return Refuse(
                logger, StatusCodes.Status413PayloadTooLarge, $"The body is longer than {LargestBody} bytes.");
        }

        try
        {
            var verification = WebhookSignature.Verify(
                name => http.Request.Headers[name], body, secrets(), clock.GetUtcNow());
            if (!verification.IsValid)
                return Refuse(logger, StatusOf(verification.Verdict), verification.Reason);
            if (Parse(body) is not { } webhook)
                return Refuse(logger, StatusCodes.Status400BadRequest, "The body is signed, and is no event.");

            await handler(webhook, http.RequestServices, http.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (Exception failure) when (!http.RequestAborted.IsCancellationRequested)
        {
            // Not left to the application's error pages: those may show the failure, or answer with another status.
            LogFailed(logger, failure);
            return TypedResults.Problem(
                "The event has not been taken; send it again.", statusCode: StatusCodes.Status500InternalServerError,
                title: "The webhook handler failed");
        }
    }

    /// <summary>The raw bytes, or null beyond the limit.</summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > LargestBody)
            return null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            if (read.Buffer.Length > LargestBody)
                return Done(request.BodyReader, read, body: null);
            if (read.IsCompleted)
                return Done(request.BodyReader, read, read.Buffer.ToArray());
            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static byte[]? Done(PipeReader reader, ReadResult read, byte[]? body)
    {
        reader.AdvanceTo(read.Buffer.End);
        return body;
    }

    private static KobbopayEvent? Parse(byte[] body)
    {
        try
        {
            return KobbopayEvent.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static int StatusOf(WebhookVerdict verdict) =>
        verdict is WebhookVerdict.SignatureMismatch or WebhookVerdict.TimestampOutsideTolerance
            ? StatusCodes.Status401Unauthorized
            : StatusCodes.Status400BadRequest;

    private static ProblemHttpResult Refuse(ILogger logger, int status, string cause)
    {
        LogRefused(logger, cause);
        return TypedResults.Problem(cause, statusCode: status, title: "The webhook was refused");
    }

    [LoggerMessage(LogLevel.Warning, "A webhook was refused: {Cause}")]
    private static partial void LogRefused(ILogger logger, string cause);

    [LoggerMessage(LogLevel.Error, "A webhook's handler failed; the event will be sent again")]
    private static partial void LogFailed(ILogger logger, Exception failure);
}
