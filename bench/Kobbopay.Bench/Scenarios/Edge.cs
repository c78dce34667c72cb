using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// G1: what the gateway adds to the median of <c>GET /v1/rails</c>, and what a bare nginx in its place adds; the same
/// with 100,000 keys in the database.
/// </summary>
internal static class Edge
{
    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments, ResourceNames.Gateway);
        await using var nginx = await Nginx.StartAsync(product.AddressOf(ResourceNames.Payments), cancellation);
        var creates = new Creates(bench, product);

        Report.Note("| goal | added by the gateway / by nginx (min-max) | gateway adds | nginx adds | direct | load |\n"
            + "|---|---|---|---|---|---|");
        await PrintAsync("G1", bench.Plan.UntilCompiled, product, nginx, creates, cancellation);
        await ManyKeys.AddAsync(bench, product, cancellation);
        await PrintAsync("G1, 100,000 keys", bench.Plan, product, nginx, creates, cancellation);
    }

    private static async Task PrintAsync(
        string name, Plan plan, ProductProcesses product, Nginx nginx, Creates creates, CancellationToken cancellation)
    {
        await TakeAsync(plan.WarmUp);
        var (added, byNginx, direct) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < plan.Repetitions; i++)
        {
            var (through, over, bare) = await TakeAsync(plan.Duration);
            added.Add(through - bare);
            byNginx.Add(over - bare);
            direct.Add(bare);
        }

        var ratios = added.Zip(byNginx, (one, other) => one / other).ToArray();
        Report.Note($"| {name} | **{Report.Text(Ratio.Median(ratios))}** ({Report.Text(ratios.Min())}-"
            + $"{Report.Text(ratios.Max())}) | {Report.Text(Ratio.Median(added))} us "
            + $"| {Report.Text(Ratio.Median(byNginx))} us | {Report.Text(Ratio.Median(direct))} us "
            + $"| {Report.Text(Machine.Load())} |");

        async Task<(double Gateway, double Nginx, double Direct)> TakeAsync(TimeSpan duration)
        {
            var bare = await Wrk.MedianAsync(
                Rails(product.AddressOf(ResourceNames.Payments)), creates.Identity(), duration, cancellation);
            var over = await Wrk.MedianAsync(Rails(nginx.Address), creates.Identity(), duration, cancellation);
            var through = await Wrk.MedianAsync(
                Rails(product.AddressOf(ResourceNames.Gateway)), creates.Key(), duration, cancellation);
            return (through, over, bare);
        }
    }

    private static Uri Rails(Uri service) => new(service, "/v1/rails");
}
