namespace Kobbopay.Bench.Measure;

/// <summary>How long and how often; bounded, since everything shares one machine.</summary>
internal sealed record Plan(int Repetitions, TimeSpan WarmUp, TimeSpan Duration)
{
    public static Plan Full { get; } = new(5, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5));

    /// <summary>To see that everything runs: no figure of it is worth keeping.</summary>
    public static Plan Quick { get; } = new(2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    /// <summary>
    /// The runtime compiles a service's code anew while it serves, and much of it only after half a minute under load:
    /// until then an operation costs a fifth more than it does for the rest of the process's life.
    /// </summary>
    public Plan UntilCompiled => this == Full ? this with { WarmUp = TimeSpan.FromSeconds(45) } : this;
}

/// <summary>
/// Measures two things in turn, A B A B, and judges only the ratio within a repetition: absolute figures move by a
/// factor of two from hour to hour. A repetition in which the baseline was 2x off the run's median, or the host took
/// more than 15 % of the CPU away, is void.
/// </summary>
internal static class Ratio
{
    private const double LargestDrift = 2;
    private const double LargestSteal = 0.15;

    public static async Task<RatioResult> MeasureAsync(
        Subject product, Subject baseline, Plan plan, CancellationToken cancellation)
    {
        await baseline.MeasureAsync(plan.WarmUp, cancellation);
        await product.MeasureAsync(plan.WarmUp, cancellation);

        var all = new List<Repetition>();
        for (var i = 0; i < plan.Repetitions; i++)
        {
            var a = await TakeAsync(baseline, plan.Duration, cancellation);
            var b = await TakeAsync(product, plan.Duration, cancellation);
            all.Add(new Repetition(a, b));
        }

        var usual = Median(all.Select(repetition => repetition.Baseline.Value));
        var kept = all.Where(repetition => IsFair(repetition, usual)).ToArray();
        return new RatioResult(product, baseline, kept, all.Count - kept.Length, Machine.Load());
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            return double.NaN;
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static bool IsFair(Repetition repetition, double usual) =>
        repetition.Baseline.Value <= usual * LargestDrift
        && repetition.Baseline.Value >= usual / LargestDrift
        && repetition.Baseline.Steal <= LargestSteal
        && repetition.Product.Steal <= LargestSteal;

    private static async Task<Taken> TakeAsync(Subject subject, TimeSpan duration, CancellationToken cancellation)
    {
        var before = Machine.Now();
        var reading = await subject.MeasureAsync(duration, cancellation);
        var used = Machine.Now().Since(before);
        var cpu = reading.Operations > 0 ? used.BusyMs / reading.Operations : double.NaN;
        return new Taken(reading.Value, cpu, used.StealShare);
    }
}

/// <summary>One side of a repetition; CPU is that of the whole machine for each operation.</summary>
internal sealed record Taken(double Value, double CpuMs, double Steal);

internal sealed record Repetition(Taken Baseline, Taken Product)
{
    public double Ratio => Product.Value / Baseline.Value;
}

/// <summary>The repetitions that count, and what was thrown away.</summary>
internal sealed record RatioResult(
    Subject Product, Subject Baseline, IReadOnlyList<Repetition> Kept, int Void, double Load)
{
    public double Median => Ratio.Median(Kept.Select(repetition => repetition.Ratio));
}
