using System.Text;
using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.Webhooks.Certification;

/// <summary>One thing that a receiver has to do right, and what to tell whose does not.</summary>
/// <param name="IsGood">Whether the request is one to take (2xx), or one to refuse (4xx).</param>
/// <param name="Advice">For a receiver that does the opposite.</param>
internal sealed record Check(string Name, string Title, bool IsGood, string Advice)
{
    public const string Passed = "passed";
    public const string Failed = "failed";
    public const string Warning = "warning";

    /// <summary>For an answer to one request; more is a failure.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>An answer that takes longer is a warning.</summary>
    public static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(1);

    /// <summary>Characters of the receiver's own words that a report shows.</summary>
    private const int WordsLimit = 200;
    private const int TooManyRequests = 429;

    private string Expected => IsGood ? "2xx" : "4xx";

    public bool IsMetBy(Attempt attempt) => IsGood
        ? attempt.Succeeded
        : attempt.StatusCode is >= 400 and < 500 and not TooManyRequests;

    /// <param name="latency">The receiver's part of the time.</param>
    public CheckAnswer Judge(Attempt attempt, TimeSpan latency) => IsMetBy(attempt)
        ? new(Name, Title, Passed, Expected, Describe(attempt), (int)latency.TotalMilliseconds, Advice: null)
        : new(Name, Title, Failed, Expected, Describe(attempt), (int)latency.TotalMilliseconds, AdviceFor(attempt));

    /// <summary>The run had no time left for it.</summary>
    public CheckAnswer NotTried(TimeSpan limit) => new(
        Name, Title, Failed, Expected, $"not tried: the checks before took {limit.TotalSeconds} s", LatencyMs: null,
        "Mend what took so long, and run the certification again.");

    public static CheckAnswer BodySignature(bool isOn)
    {
        const string What = "X-Signature, which covers no time, is off";
        return isOn
            ? new("body_signature", What, Warning, "off", "on", LatencyMs: null,
                "Set bodySignature to false (PATCH /v1/webhook-endpoints/{id}) once your receiver verifies "
                + "webhook-signature or X-Kobbopay-Signature: X-Signature covers no time, and whoever has seen one "
                + "such request can send it again for ever.")
            : new("body_signature", What, Passed, "off", "off", LatencyMs: null, Advice: null);
    }

    /// <param name="slowest">Of all answers; null when one did not come in time.</param>
    public static CheckAnswer AnswerTime(TimeSpan? slowest)
    {
        const string WorkLater =
            "Answer first and work later: verify the request, store the event, answer 2xx, and do the rest in the "
            + "background. What takes longer than 15 s is taken for lost and sent again.";
        var expected = $"each answer within {SlowAnswer.TotalSeconds} s";
        var (status, observed) = slowest switch
        {
            null => (Failed, $"no answer within {AnswerLimit.TotalSeconds} s"),
            // The status came in time, and the rest of the answer did not end.
            { } time when time >= AnswerLimit => (Failed, $"the slowest took {time.TotalMilliseconds:0} ms"),
            { } time when time > SlowAnswer => (Warning, $"the slowest took {time.TotalMilliseconds:0} ms"),
            { } time => (Passed, $"the slowest took {time.TotalMilliseconds:0} ms"),
        };
        return new(
            "answer_time", "Answers come fast", status, expected, observed, (int?)slowest?.TotalMilliseconds,
            status == Passed ? null : WorkLater);
    }

    private string AdviceFor(Attempt attempt) => attempt switch
    {
        { ErrorKind: ErrorKinds.Timeout } when IsGood =>
            $"Answer within {AnswerLimit.TotalSeconds} s: store the event, answer 2xx, and work later.",
        { ErrorKind: ErrorKinds.Timeout } =>
            $"Answer a request that you refuse too, with 400 or 401 and within {AnswerLimit.TotalSeconds} s.",
        { StatusCode: null } =>
            $"No answer came, because of {attempt.ErrorKind}: docs/webhooks, \"Attempts\", says what that is and what "
            + "to do about it.",
        { StatusCode: TooManyRequests } =>
            "Your receiver limits requests, which hides what it thinks of this one. Give the endpoint a rateLimit "
            + "that it can take, and run the certification again.",
        { StatusCode: >= 500 } when IsGood =>
            "Your receiver failed at a request that it should take: its log says why. An order or a status that it "
            + "does not know is no reason to fail.",
        { StatusCode: >= 500 } =>
            "Your receiver failed at a request that it should refuse: catch the error, and answer 400 or 401.",
        { StatusCode: >= 300 and < 400 } => "Redirects are not followed: give the endpoint the final URL.",
        _ => Advice,
    };

    private static string Describe(Attempt attempt)
    {
        if (attempt.StatusCode is not { } status)
        {
            return attempt.ErrorKind == ErrorKinds.Timeout
                ? $"no answer within {AnswerLimit.TotalSeconds} s"
                : $"no answer: {attempt.ErrorKind}";
        }

        var words = Words(attempt.Body ?? []);
        return words.Length == 0 ? $"{status}" : $"{status}: {words}";
    }

    /// <summary>What the receiver says itself often is the cause.</summary>
    private static string Words(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, WordsLimit)));
        return string.Concat(text.Select(c => char.IsControl(c) || c == '\uFFFD' ? ' ' : c)).Trim();
    }
}

/// <param name="Status"><c>passed</c>, <c>failed</c>, or <c>warning</c>, which does not fail the whole.</param>
/// <param name="LatencyMs">Null where nothing was sent for it.</param>
/// <param name="Advice">What to do; null where nothing is.</param>
internal sealed record CheckAnswer(
    string Name, string Title, string Status, string Expected, string Observed, int? LatencyMs, string? Advice);
