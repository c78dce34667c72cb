using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>P1 and P2: payments created per second at 16 clients.</summary>
internal static class Create
{
    private const int Clients = 16;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product).Direct(Clients);
        var one = Pgbench.OneStatement(bench.Servers.Postgres, Clients);
        var five = Pgbench.FiveRoundTrips(bench.Servers.Postgres, Clients);
        Report.Table();
        Report.Row("P1", await Ratio.MeasureAsync(creates, one, bench.Plan, cancellation));
        Report.Row("P2", await Ratio.MeasureAsync(creates, five, bench.Plan, cancellation));
        Report.Row("-", await Ratio.MeasureAsync(five, one, bench.Plan, cancellation));
    }
}
