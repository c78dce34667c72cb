using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;

namespace Kobbopay.Bench.Scenarios;

/// <summary>M1: resident memory at rest, after a few requests and some quiet.</summary>
internal static class Memory
{
    private const int Requests = 20;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        var bare = new List<double>();
        for (var i = 0; i < bench.Plan.Repetitions; i++)
            bare.Add(await BareAsync(bench, cancellation));
        Report.Note($"bare Kestrel: {Report.Text(Ratio.Median(bare))} MiB "
            + $"({Report.Text(bare.Min())}-{Report.Text(bare.Max())}, {bare.Count} starts)");
    }

    private static async Task<double> BareAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var hello = await Role.StartAsync(cancellation, HelloRole.Name);
        for (var i = 0; i < Requests; i++)
            await bench.Http.GetStringAsync(hello.Address, cancellation);
        await Task.Delay(Quiet, TimeProvider.System, cancellation);
        return Machine.ResidentMiB(hello.ProcessId);
    }
}
