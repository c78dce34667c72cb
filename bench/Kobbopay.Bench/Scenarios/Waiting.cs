using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// C1: what others' deliveries cost by waiting, few or many: such as are due later, and such as are due and get no
/// further, since their endpoint hangs.
/// </summary>
internal static class Waiting
{
    private const int Clients = 16;
    private const int Few = 10_000;
    private const int Many = 1_000_000;
    private const int ManyOfQuickPlan = 50_000;

    /// <summary>Deliveries seeded in one transaction.</summary>
    private const int Chunk = 50_000;

    private const int Idle = 100;

    /// <summary>Not before the scenario is over, nor longer than a retry waits: the service shortens what no schedule
    /// gives.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromMinutes(20);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        var idle = Enumerable.Range(0, Idle).Select(receiver.At);
        await StagesAsync(bench, receiver, "due later", idle, Later, cancellation);
        await StagesAsync(
            bench, receiver, "behind a hanging endpoint", [receiver.Hanging], TimeSpan.Zero, cancellation);
    }

    private static async Task StagesAsync(
        Workbench bench, Receiver receiver, string kind, IEnumerable<Uri> urls, TimeSpan dueIn,
        CancellationToken cancellation)
    {
        var many = bench.Plan == Plan.Full ? Many : ManyOfQuickPlan;
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await using var backlog = new Backlog(product, receiver);
        var endpoints = await new Endpoints(bench, product).AddAsync(urls, cancellation);

        Report.Table();
        var few = await StageAsync(Few, Few);
        var full = await StageAsync(many, many - Few);
        Report.Note(
            $"\nC1, {many} {kind} / {Few}: deliveries/s **{Report.Text(full.Rate / few.Rate)}** "
            + $"(each as a share of pgbench's in the same minute: {Report.Text(full.Rate)}, "
            + $"{Report.Text(few.Rate)}), resident memory of Webhooks **{Report.Text(full.MiB / few.MiB)}** "
            + $"({Report.Text(full.MiB)} MiB, {Report.Text(few.MiB)} MiB).\n");

        async Task<Stage> StageAsync(int waiting, int added)
        {
            // A process of its own for each stage, so that both have done the same when their memory is read.
            await product.StopOneAsync(ResourceNames.Webhooks);
            for (var left = added; left > 0; left -= Chunk)
                await backlog.SeedAsync(Backlog.Even(Math.Min(left, Chunk), endpoints), dueIn, cancellation);
            await backlog.VacuumAsync(cancellation);
            await product.StartOneAsync(ResourceNames.Webhooks, receiver.Webhooks, cancellation);

            // Both stages need a yardstick that is the same from its first second on: no process of ours is.
            var ratio = await Ratio.MeasureAsync(
                backlog.Drain, Pgbench.OneStatement(bench.Servers.Postgres, Clients), bench.Plan, cancellation);
            Report.Row($"C1, {waiting} {kind}", ratio);
            return new Stage(ratio.Median, Machine.ResidentMiB(product.ProcessIdOf(ResourceNames.Webhooks)));
        }
    }

    /// <param name="Rate">As a share of pgbench's.</param>
    private sealed record Stage(double Rate, double MiB);
}
