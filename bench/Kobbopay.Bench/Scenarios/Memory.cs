using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;

namespace Kobbopay.Bench.Scenarios;

/// <summary>M1: resident memory at rest of each service and of a bare Kestrel, in turn.</summary>
internal static class Memory
{
    private const int Requests = 20;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        var bare = new List<double>();
        var services = ProductProcesses.All.ToDictionary(
            service => service, _ => new List<double>(), StringComparer.Ordinal);
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            bare.Add(await BareAsync(bench, cancellation));
            await using var product = await ProductProcesses.StartAsync(
                bench, webhooks: null, cancellation, ProductProcesses.All);
            await Task.Delay(Quiet, TimeProvider.System, cancellation);
            foreach (var (service, readings) in services)
                readings.Add(Machine.ResidentMiB(product.ProcessIdOf(service)));
        }

        Report.Note("| goal | service | resident / bare Kestrel (min-max) | MiB | bare MiB |\n|---|---|---|---|---|");
        foreach (var (service, readings) in services)
        {
            var ratios = readings.Zip(bare, (one, other) => one / other).ToArray();
            Report.Note($"| M1 | {service} | **{Report.Text(Ratio.Median(ratios))}** "
                + $"({Report.Text(ratios.Min())}-{Report.Text(ratios.Max())}) "
                + $"| {Report.Text(Ratio.Median(readings))} | {Report.Text(Ratio.Median(bare))} |");
        }
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
