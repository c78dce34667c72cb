using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>W1: deliveries per second to one endpoint.</summary>
internal static class Deliver
{
    private const int Few = 16;
    private const int Many = 64;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        var few = BareSender.Over(receiver, bench.Http, bench.Secret, Few);
        var many = BareSender.Over(receiver, bench.Http, bench.Secret, Many);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await using var backlog = new Backlog(product, receiver);
        Report.Table();
        Report.Row("W1", await Ratio.MeasureAsync(backlog.Drain, few, bench.Plan, cancellation));
        Report.Row("-", await Ratio.MeasureAsync(many, few, bench.Plan, cancellation));
    }
}
