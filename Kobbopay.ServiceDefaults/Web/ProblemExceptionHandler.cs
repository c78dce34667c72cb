using System.Data.Common;
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

            case BadHttpRequestException bad:
                // The framework names the parameter, never what it points to inside the process.
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

    [LoggerMessage(LogLevel.Warning, "A request failed because the database is not available")]
    private partial void LogUnavailable(Exception exception);

    [LoggerMessage(LogLevel.Error, "A request failed unexpectedly")]
    private partial void LogUnexpected(Exception exception);
}
