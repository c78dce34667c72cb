using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>How long a create takes at half of the rate that the machine could do.</summary>
internal static class PacedCreate
{
    private const int Clients = 16;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product);
        var direct = creates.Direct(Clients);
        await direct.MeasureAsync(bench.Plan.WarmUp, cancellation);
        var peak = (await direct.MeasureAsync(bench.Plan.Duration, cancellation)).Value;

        var ratios = new List<double>();
        LatencyTable.Heading();
        await LatencyTable.PrintAsync($"create at {Report.Text(peak / 2)}/s", bench.Plan, async duration =>
        {
            var latencies = await HttpLoop.PacedAsync(
                creates.Address(ResourceNames.Payments), Clients, peak / 2, duration, creates.NewBytes,
                StatusCodes.Status201Created, cancellation);
            await creates.SettleAsync(cancellation);
            ratios.Add(Latency.Percentile(latencies, 0.99) / Latency.Percentile(latencies, 0.5));
            return latencies;
        });
        Report.Note($"\np99 / p50: **{Report.Text(Ratio.Median(ratios))}** "
            + $"({Report.Text(ratios.Min())}-{Report.Text(ratios.Max())}), of a peak of {Report.Text(peak)}/s.");
    }
}
