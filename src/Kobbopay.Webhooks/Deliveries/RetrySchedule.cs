using Kobbopay.Contracts;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// When a failed delivery is tried again (contracts.md, section 4). Pure: the time of the answer and the luck of the
/// draw come in as arguments.
/// </summary>
public static class RetrySchedule
{
    /// <summary>After a 429 or a time-out nobody is asked again sooner than this.</summary>
    private static readonly TimeSpan Breather = TimeSpan.FromSeconds(60);

    private const double Jitter = 0.2;

    /// <summary>Time after the previous attempt, by the number of attempts made; the first attempt waits for
    /// nothing.</summary>
    private static readonly TimeSpan[] Live =
    [
        TimeSpan.Zero,
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
        TimeSpan.FromHours(20),
        TimeSpan.FromHours(24),
    ];

    private static readonly TimeSpan[] Test =
    [
        TimeSpan.Zero,
        TimeSpan.FromSeconds(5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(10),
    ];

    /// <summary>Attempts at most: 10 in live, 5 in test.</summary>
    public static int AttemptLimit(string environment) => Of(environment).Length;

    /// <summary>The wait before the next attempt; null when the last one has been made (<c>exhausted</c>).</summary>
    /// <param name="attempts">Attempts made, one at least.</param>
    /// <param name="retryAfter">What the answer asked for; taken between the scheduled wait and twice that.</param>
    /// <param name="overloaded">The answer was 429, or none came in time.</param>
    /// <param name="draw">A random number in [0, 1).</param>
    public static TimeSpan? Next(string environment, int attempts, TimeSpan? retryAfter, bool overloaded, double draw)
    {
        var schedule = Of(environment);
        if (attempts >= schedule.Length)
            return null;

        var wait = schedule[attempts] * (1 - Jitter + (2 * Jitter * draw));
        if (retryAfter is { } asked)
            wait = Clamp(asked, wait, wait * 2);
        return overloaded && wait < Breather ? Breather : wait;
    }

    /// <summary>The longest wait there can be, by the number of attempts made: for none of them, nothing.</summary>
    public static TimeSpan[] Longest(string environment) =>
        [TimeSpan.Zero, .. Of(environment)[1..].Select(wait => Longer(wait * (1 + Jitter) * 2, Breather))];

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan[] Of(string environment) => environment == MerchantEnvironments.Live ? Live : Test;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan low, TimeSpan high) =>
        value < low ? low : value > high ? high : value;
}
