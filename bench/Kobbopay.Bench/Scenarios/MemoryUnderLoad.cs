using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// M1's second half: resident memory of each service after ten minutes of an even, mixed load, against that after two.
/// </summary>
internal static class MemoryUnderLoad
{
    /// <summary>A fifth of what the machine could do, so that what else it does makes no difference.</summary>
    private const int PaymentsPerSecond = 50;

    /// <summary>Readings, a second apart, of which the median counts: a collection more or less is no growth.</summary>
    private const int Readings = 15;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        var (early, late) = bench.Plan == Plan.Full
            ? (TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10))
            : (Readings * Second, 2 * Readings * Second);
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ProductProcesses.All);
        var creates = new Creates(bench, product);
        var load = new MixedLoad(product, creates, receiver);
        var reading = ReadAsync(product, late, cancellation);
        var payments = await Blocks.MineWhileAsync(
            bench, creates, () => load.RunAsync(PaymentsPerSecond, late, cancellation), cancellation);
        var readings = await reading;

        Report.Note($"{payments} payments at {PaymentsPerSecond}/s, load {Report.Text(Machine.Load())}.\n\n"
            + $"| goal | service | resident after {Report.Text(late.TotalMinutes)} min / after "
            + $"{Report.Text(early.TotalMinutes)} min | MiB | MiB before | MiB by the minute |\n"
            + "|---|---|---|---|---|---|");
        foreach (var (service, taken) in readings)
        {
            var (before, after) = (At(taken, early), At(taken, late));
            var minutes = Enumerable.Range(1, (int)late.TotalMinutes)
                .Select(minute => Report.Text(At(taken, TimeSpan.FromMinutes(minute))));
            Report.Note($"| M1 | {service} | **{Report.Text(after / before)}** | {Report.Text(after)} "
                + $"| {Report.Text(before)} | {string.Join(' ', minutes)} |");
        }
    }

    /// <summary>Each second's, from the beginning of the load.</summary>
    private static async Task<Dictionary<string, List<double>>> ReadAsync(
        ProductProcesses product, TimeSpan duration, CancellationToken cancellation)
    {
        var readings = ProductProcesses.All.ToDictionary(
            service => service, _ => new List<double>(), StringComparer.Ordinal);
        using var timer = new PeriodicTimer(Second);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration - (Second / 2);)
        {
            await timer.WaitForNextTickAsync(cancellation);
            foreach (var (service, taken) in readings)
                taken.Add(Machine.ResidentMiB(product.ProcessIdOf(service)));
        }

        return readings;
    }

    /// <summary>The median of the seconds before.</summary>
    private static double At(List<double> taken, TimeSpan moment) =>
        Ratio.Median(taken.Take((int)moment.TotalSeconds).TakeLast(Readings));
}
