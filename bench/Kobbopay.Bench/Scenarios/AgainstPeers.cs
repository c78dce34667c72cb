using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Peers;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>W2: a durable backlog's rate against others' queues in the same PostgreSQL, to the same receiver.</summary>
internal static class AgainstPeers
{
    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await using var backlog = new Backlog(product, receiver);
        Report.Table();
        await using (var graphile = await GraphileWorker.StartAsync(bench, receiver, cancellation))
            Report.Row("W2", await Ratio.MeasureAsync(backlog.Drain, graphile.Drain, bench.Plan, cancellation));
        await using (var hangfire = await HangfireServer.StartAsync(bench, receiver, cancellation))
            Report.Row("W2", await Ratio.MeasureAsync(backlog.Drain, hangfire.Drain, bench.Plan, cancellation));
    }
}
