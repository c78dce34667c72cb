using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// Turns what a handler throws into a problem; nothing of an unexpected exception's text leaves the process.
/// </summary>
internal sealed partial class ProblemExceptionHandler(ILogger<ProblemExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.Response.HasStarted)
            return false;
        if (httpContext.RequestAborted.IsCancellationRequested)
            return true;

        await Problems.WriteAsync(httpContext, AsProblem(exception));
        return true;
    }

    private ProblemException AsProblem(Exception exception)
    {
        switch (exception)
        {
            case ProblemException problem:
                return problem;

            case BadHttpRequestException { StatusCode: 413 }:
                return new ProblemException(
                    ProblemCodes.BodyTooLarge, $"A body may have {ServiceDefaultsExtensions.BodyLimit} bytes at most.");

            case BadHttpRequestException { StatusCode: 415 }:
                return new ProblemException(ProblemCodes.UnsupportedMediaType, "Send the body as application/json.");

            case BadHttpRequestException bad when UnboundParameter().Match(bad.Message) is { Success: true } parameter:
                var field = new InvalidField(
                    $"?{parameter.Groups["name"].Value}", "wrong_type", "This value is missing or has the wrong type.");
                return new ProblemException(ProblemCodes.InvalidRequest, $"{field.Pointer}: {field.Message}", [field]);

            case BadHttpRequestException bad:
                return new ProblemException(ProblemCodes.InvalidRequest, bad.Message);

            case DbException { IsTransient: true }:
                LogUnavailable(exception);
                return new ProblemException(ProblemCodes.ServiceUnavailable, "Try again in a few seconds.")
                {
                    RetryAfterSeconds = 1,
                };

            default:
                LogUnexpected(exception);
                return new ProblemException(
                    ProblemCodes.InternalError, "The request id helps us to find what happened.");
        }
    }

    /// <summary>The framework's words name a .NET type before the parameter's name; ours name the parameter.</summary>
    [GeneratedRegex("parameter \"[^\"]*?(?<name>\\w+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex UnboundParameter();

    [LoggerMessage(LogLevel.Warning, "A request failed because the database is not available")]
    private partial void LogUnavailable(Exception exception);

    [LoggerMessage(LogLevel.Error, "A request failed unexpectedly")]
    private partial void LogUnexpected(Exception exception);
}
