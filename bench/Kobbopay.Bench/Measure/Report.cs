using System.Globalization;

namespace Kobbopay.Bench.Measure;

/// <summary>Prints results as the rows that bench/README.md keeps.</summary>
internal static class Report
{
    public static void Heading(string text) => Console.WriteLine($"\n## {text}\n");

    public static void Note(string text) => Console.WriteLine(text);

    public static void Table() => Console.WriteLine(
        "| goal | product / baseline | ratio (min-max) | product | baseline | CPU-ms/op p, b | void | steal, load |\n"
        + "|---|---|---|---|---|---|---|---|");

    /// <param name="goal">The row of the goals' table, or "-" for two baselines compared.</param>
    public static void Row(string goal, RatioResult result)
    {
        var ratios = result.Kept.Select(repetition => repetition.Ratio).ToArray();
        var range = ratios.Length == 0 ? "no repetition was fair" : $"{Text(ratios.Min())}-{Text(ratios.Max())}";
        var steal = result.Kept.Select(repetition => Math.Max(repetition.Baseline.Steal, repetition.Product.Steal));
        var cpu = $"{Text(Of(result, repetition => repetition.Product.CpuMs))}, "
            + Text(Of(result, repetition => repetition.Baseline.CpuMs));
        Console.WriteLine(
            $"| {goal} | {result.Product.Name} / {result.Baseline.Name} | **{Text(result.Median)}** ({range}) "
            + $"| {Text(Of(result, repetition => repetition.Product.Value))} {result.Product.Unit} "
            + $"| {Text(Of(result, repetition => repetition.Baseline.Value))} {result.Baseline.Unit} "
            + $"| {cpu} | {result.Void} of {result.Kept.Count + result.Void} "
            + $"| {Text(steal.DefaultIfEmpty().Max() * 100)} %, {Text(result.Load)} |");
    }

    /// <summary>About three digits; a dash for what there is none of.</summary>
    public static string Text(double value)
    {
        var form = Math.Abs(value) switch { >= 100 => "#,##0", >= 10 => "0.0", _ => "0.00" };
        return double.IsNaN(value) ? "-" : value.ToString(form, CultureInfo.InvariantCulture);
    }

    private static double Of(RatioResult result, Func<Repetition, double> what) =>
        Ratio.Median(result.Kept.Select(what));
}

/// <summary>Latencies of a few equal runs: each run's percentiles, and their medians.</summary>
internal static class LatencyTable
{
    public static void Heading() => Console.WriteLine(
        "| what | p50 (min-max) | p99 (min-max) | events | steal, load |\n|---|---|---|---|---|");

    public static async Task PrintAsync(string name, Plan plan, Func<TimeSpan, Task<double[]>> runAsync)
    {
        List<double> middle = [], slow = [];
        var (events, before) = (0, Machine.Now());
        for (var i = 0; i < plan.Repetitions; i++)
        {
            var latencies = await runAsync(plan.Duration);
            events += latencies.Length;
            middle.Add(Latency.Percentile(latencies, 0.5));
            slow.Add(Latency.Percentile(latencies, 0.99));
        }

        Console.WriteLine(
            $"| {name} | {Summary(middle)} | {Summary(slow)} | {events} "
            + $"| {Report.Text(Machine.Now().Since(before).StealShare * 100)} %, {Report.Text(Machine.Load())} |");
    }

    private static string Summary(List<double> values) =>
        $"**{Report.Text(Ratio.Median(values))} ms** ({Report.Text(values.Min())}-{Report.Text(values.Max())})";
}
