using System.Diagnostics;
using Kobbopay.Bench.Roles;

namespace Kobbopay.Bench.Measure;

/// <summary>Runs something at an even rate, one at a time, not at the rate that the machine could.</summary>
internal static class Pace
{
    public static async Task RunAsync(
        int perSecond, TimeSpan duration, Func<Task> step, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration;)
        {
            await timer.WaitForNextTickAsync(cancellation);
            await step();
        }
    }
}

/// <summary>Times from a commit to the event's arrival; every event has to have arrived.</summary>
internal static class Latency
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <param name="committed">Stopwatch ticks of each event's commit, by the event's id.</param>
    public static async Task<double[]> OfAsync(
        Dictionary<string, long> committed, Receiver receiver, CancellationToken cancellation)
    {
        for (var watch = Stopwatch.StartNew(); (await receiver.CountsAsync(cancellation)).Unique < committed.Count;)
        {
            if (watch.Elapsed > Patience)
                throw new InvalidOperationException($"Some of {committed.Count} events never arrived.");
            await Task.Delay(Poll, TimeProvider.System, cancellation);
        }

        var arrivals = (await receiver.ArrivalsAsync(cancellation)).ToDictionary(
            arrived => arrived.Payment, arrived => arrived.At, StringComparer.Ordinal);
        return [.. committed.Select(commit =>
            Stopwatch.GetElapsedTime(commit.Value, arrivals[commit.Key]).TotalMilliseconds)];
    }

    /// <param name="share">0.5 for the median, 0.99 for the slowest in a hundred.</param>
    public static double Percentile(double[] values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
    }
}
