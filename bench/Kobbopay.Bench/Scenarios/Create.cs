using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;

namespace Kobbopay.Bench.Scenarios;

/// <summary>P1 and P2: payments created per second at 16 clients.</summary>
internal static class Create
{
    private const int Clients = 16;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        var one = Pgbench.OneStatement(bench.Servers.Postgres, Clients);
        var five = Pgbench.FiveRoundTrips(bench.Servers.Postgres, Clients);
        Report.Table();
        Report.Row("-", await Ratio.MeasureAsync(five, one, bench.Plan, cancellation));
    }
}
