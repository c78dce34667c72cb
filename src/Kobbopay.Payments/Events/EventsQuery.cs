using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Events;

/// <summary>The query of <c>GET /v1/events</c>.</summary>
/// <param name="After">Null begins with the oldest event that is kept; a stream begins with what is new.</param>
/// <param name="Types">Null takes all.</param>
/// <param name="Wait">How long an empty page waits for the next event.</param>
internal sealed record EventsQuery(long? After, int Limit, string[]? Types, TimeSpan Wait)
{
    /// <summary>What <see cref="Parse"/> reads.</summary>
    public static readonly string[] Names = ["after", "limit", "type", "wait"];

    public const int LongestWait = 30;

    private const int DefaultLimit = 20;
    private const int LargestLimit = 100;

    private const string LastEventId = "Last-Event-ID";

    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public static EventsQuery Parse(HttpRequest request)
    {
        var limit = Number(request, "limit", 1, LargestLimit) ?? DefaultLimit;
        var wait = Number(request, "wait", 0, LongestWait) ?? 0;
        return new EventsQuery(
            Number(request, "after", 0, long.MaxValue), (int)limit, TypesOf(request), TimeSpan.FromSeconds(wait));
    }

    /// <summary>A stream that was cut off goes on where it was, whatever its URL says.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public EventsQuery Resumed(HttpRequest request)
    {
        var last = request.Headers[LastEventId].ToString();
        if (last.Length == 0)
            return this;
        return IsNumber(last, 0, long.MaxValue, out var after)
            ? this with { After = after }
            : throw Invalid(LastEventId, "out_of_range", "Must be the id of an event of this stream, a sequence.");
    }

    private static string[]? TypesOf(HttpRequest request)
    {
        if (!request.Query.TryGetValue("type", out var given))
            return null;
        var types = given.Count == 1 ? EventTypes.Matching(given[0]!) : [];
        return types.Length > 0
            ? types
            : throw Invalid("?type", "unknown_type", "Must be one event type, such as payment.paid or payment.*.");
    }

    private static long? Number(HttpRequest request, string name, long least, long most)
    {
        if (!request.Query.TryGetValue(name, out var values))
            return null;
        if (values.Count == 1 && IsNumber(values[0], least, most, out var number))
            return number;
        throw Invalid($"?{name}", "out_of_range", most == long.MaxValue
            ? $"Must be a whole number from {least}."
            : $"Must be a whole number, {least} to {most}.");
    }

    private static bool IsNumber(string? text, long least, long most, out long number) =>
        long.TryParse(text, out number) && number >= least && number <= most;

    private static ProblemException Invalid(string pointer, string code, string message) =>
        new(ProblemCodes.InvalidRequest, $"{pointer}: {message}", [new InvalidField(pointer, code, message)]);
}
