using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// G1: what the gateway adds to the median of <c>GET /v1/rails</c>, and what a bare nginx in its place adds; the same
/// with 100,000 keys in the database. Beside it a bare YARP in its place, below which a gateway made of it can't come.
/// </summary>
internal static class Edge
{
    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments, ResourceNames.Gateway);
        await using var nginx = await Nginx.StartAsync(product.AddressOf(ResourceNames.Payments), cancellation);
        await using var yarp = await Role.StartAsync(
            cancellation, ProxyRole.Name, product.AddressOf(ResourceNames.Payments).AbsoluteUri);
        var creates = new Creates(bench, product);

        Report.Note("| goal | added by the gateway / by nginx (min-max) | by bare YARP / by nginx (min-max) "
            + "| gateway adds | bare YARP adds | nginx adds | direct | load |\n|---|---|---|---|---|---|---|---|");
        await PrintAsync("G1", bench.Plan.UntilCompiled, TakeAsync);
        await ManyKeys.AddAsync(bench, product, cancellation);
        await PrintAsync("G1, 100,000 keys", bench.Plan, TakeAsync);

        async Task<Medians> TakeAsync(TimeSpan duration)
        {
            var direct = await TakeOneAsync(product.AddressOf(ResourceNames.Payments), creates.Identity());
            return new Medians(
                direct,
                await TakeOneAsync(nginx.Address, creates.Identity()) - direct,
                await TakeOneAsync(yarp.Address, creates.Identity()) - direct,
                await TakeOneAsync(product.AddressOf(ResourceNames.Gateway), creates.Key()) - direct);

            Task<double> TakeOneAsync(Uri service, KeyValuePair<string, string> credentials) =>
                Wrk.MedianAsync(new Uri(service, "/v1/rails"), credentials, duration, cancellation);
        }
    }

    private static async Task PrintAsync(string name, Plan plan, Func<TimeSpan, Task<Medians>> takeAsync)
    {
        await takeAsync(plan.WarmUp);
        var taken = new List<Medians>();
        for (var i = 0; i < plan.Repetitions; i++)
            taken.Add(await takeAsync(plan.Duration));

        Report.Note($"| {name} | {Share(one => one.Gateway / one.Nginx)} | {Share(one => one.Yarp / one.Nginx)} "
            + $"| {Us(one => one.Gateway)} | {Us(one => one.Yarp)} | {Us(one => one.Nginx)} | {Us(one => one.Direct)} "
            + $"| {Report.Text(Machine.Load())} |");

        string Us(Func<Medians, double> what) => $"{Report.Text(Ratio.Median(taken.Select(what)))} us";

        string Share(Func<Medians, double> what) => $"**{Report.Text(Ratio.Median(taken.Select(what)))}** "
            + $"({Report.Text(taken.Min(what))}-{Report.Text(taken.Max(what))})";
    }

    /// <summary>Microseconds; but for the direct one, what is added to it.</summary>
    private sealed record Medians(double Direct, double Nginx, double Yarp, double Gateway);
}
