namespace Kobbopay.Bench.Measure;

/// <summary>One thing that is measured. <paramref name="MeasureAsync"/> loads it for about the given time.</summary>
/// <param name="Unit">What <see cref="Reading.Value"/> counts: "creates/s", "MiB".</param>
internal sealed record Subject(
    string Name, string Unit, Func<TimeSpan, CancellationToken, Task<Reading>> MeasureAsync);

/// <summary>What one repetition gave.</summary>
/// <param name="Value">In the subject's unit.</param>
/// <param name="Operations">How many operations it took, for the CPU time of each; 0 when none are counted.</param>
internal sealed record Reading(double Value, long Operations)
{
    public static Reading PerSecond(long operations, TimeSpan elapsed) =>
        new(operations / elapsed.TotalSeconds, operations);
}
