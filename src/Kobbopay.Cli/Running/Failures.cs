using System.Globalization;
using System.Text.Json;
using Kobbopay.Client;

namespace Kobbopay.Cli.Running;

/// <summary>A failure as it is told: what happened, and what to do next.</summary>
internal sealed record Failure(string Error, string Next, int ExitCode)
{
    public string? Code { get; init; }

    public string? RequestId { get; init; }

    /// <summary>Each field at fault, and the payment in the way.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
}

/// <summary>The one place that turns exceptions into what people and scripts are told.</summary>
internal static class Failures
{
    /// <summary>Without a stack: it helps nobody who runs a command.</summary>
    public static Failure Of(Exception cause, Uri? url) => cause switch
    {
        CliException own => new(own.Message, own.Next, own.ExitCode),
        KobbopayProblemException problem => OfProblem(problem, url),
        KobbopayFeedGapException gap => new(
            gap.Message, "the stored place is of another feed, or events were lost: kobbo listen --from now (or "
            + "beginning).", ExitCodes.Refused),
        OperationCanceledException { InnerException: TimeoutException } => Unreachable(Short(cause), url),
        HttpRequestException => Unreachable(Short(cause), url),
        OperationCanceledException => new("Stopped.", "run it again when you like.", ExitCodes.Interrupted),
        UnauthorizedAccessException => new(
            cause.Message, "look at the owner and the mode of that file or folder (ls -ld).", ExitCodes.Refused),
        IOException or InvalidDataException => new(
            cause.Message, "check the path, and that the disk has room.", ExitCodes.Refused),
        ArgumentException or FormatException => new(
            cause.Message, "correct the argument; --help of the command tells its forms.", ExitCodes.Usage),
        _ => new(
            $"{cause.GetType().Name}: {cause.Message}",
            "this should not happen: report it, with the command and kobbo --version.", ExitCodes.Refused),
    };

    /// <summary>A sentence for a failure that is tried again.</summary>
    public static string Short(Exception cause) => cause switch
    {
        KobbopayProblemException problem => $"{problem.Status} {problem.Code ?? "(no problem of Kobbopay's)"}.",
        OperationCanceledException => "No answer in time.",
        _ => cause.Message.TrimEnd('.') + ".",
    };

    public static void Write(Failure failure, Terminal terminal, bool isJson)
    {
        if (isJson)
        {
            terminal.Error.WriteLine(Redaction.Of(JsonSerializer.Serialize(
                new ErrorDocument(failure), DocumentJson.Default.ErrorDocument)));
            return;
        }

        var tail = failure is { Code: null, RequestId: null } ? string.Empty
            : $" ({string.Join(", ", new[] { failure.Code, failure.RequestId }.Where(one => one is not null))})";
        terminal.Error.WriteLine(Redaction.Of(
            $"{(failure.ExitCode == ExitCodes.Interrupted ? "" : "Error: ")}"
            + $"{Redaction.Printable(failure.Error)}{tail}"));
        foreach (var detail in failure.Details)
            terminal.Error.WriteLine(Redaction.Of($"  {Redaction.Printable(detail)}"));
        terminal.Error.WriteLine(Redaction.Of($"Next: {failure.Next}"));
    }

    private static Failure OfProblem(KobbopayProblemException problem, Uri? url)
    {
        var next = NextSteps.Of(problem.Code) ?? Unknown(problem, url);
        if (problem.RetryAfter is { } wait)
            next = string.Create(CultureInfo.InvariantCulture, $"after {Math.Ceiling(wait.TotalSeconds)} s: {next}");
        var details = problem.Errors.Select(one => $"{one.Pointer}: {one.Message ?? one.Code}").ToList();
        if (problem.PaymentId is { } payment)
            details.Add($"payment: {payment}");
        if (problem.PublicStatusUrl is { } page)
            details.Add($"its page: {page}");
        return new(problem.Detail ?? problem.Title ?? problem.Message, next, ExitCodeOf(problem))
        {
            Code = problem.Code,
            RequestId = problem.RequestId,
            Details = details,
        };
    }

    private static string Unknown(KobbopayProblemException problem, Uri? url) => problem switch
    {
        { Code: { } code } when url is not null =>
            $"read {new Uri(url, $"/docs/errors#{Uri.EscapeDataString(code.Replace('_', '-'))}")}",
        { Code: not null } => "read about the code in the documentation.",
        { Status: >= 500 or 429 } => "run the same command again in a moment; nothing is done twice.",
        _ => "check the address that was logged in to, and any proxy in between: that was no answer of Kobbopay's.",
    };

    private static int ExitCodeOf(KobbopayProblemException problem) => problem switch
    {
        { Code: KobbopayProblemCodes.AuthenticationUnavailable } => ExitCodes.Unavailable,
        { Status: 401 } => ExitCodes.NoAccess,
        {
            Code: KobbopayProblemCodes.InsufficientScope or KobbopayProblemCodes.AddressNotAllowed
                or KobbopayProblemCodes.ApiKeyInBrowser
        } => ExitCodes.NoAccess,
        { Status: 429 or >= 500 } => ExitCodes.Unavailable,
        _ => ExitCodes.Refused,
    };

    private static Failure Unreachable(string what, Uri? url) => new(
        $"{url?.ToString() ?? "Kobbopay"} is not reached: {what}",
        "check that the address is right and up (after make run: . .kobbopay/demo.env), and run the same command "
        + "again; nothing is done twice.",
        ExitCodes.Unavailable);
}
