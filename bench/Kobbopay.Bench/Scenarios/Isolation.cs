using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// What one endpoint does to the others: I1 when it hangs, I2 when nearly all of the backlog is its own.
/// </summary>
internal static class Isolation
{
    /// <summary>With the hanging one twenty, so that each has 5 % of the traffic.</summary>
    private const int Healthy = 19;

    private const int Others = 100;
    private const int Long = 100_000;
    private const int LongOfQuickPlan = 10_000;
    private const double OwnersShare = 0.9;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await using var backlog = new Backlog(product, receiver);
        var endpoints = new Endpoints(bench, product);
        var healthy = await endpoints.AddAsync(Enumerable.Range(0, Healthy).Select(receiver.At), cancellation);
        await HangingAsync(bench, backlog, endpoints, healthy, receiver.Hanging, cancellation);

        var others = await endpoints.AddAsync(
            Enumerable.Range(Healthy, Others).Select(receiver.At), cancellation);
        await CrowdedAsync(bench, backlog, receiver.Webhooks.AbsolutePath, others, cancellation);
    }

    /// <summary>An endpoint that nobody knows to hang is new in each repetition.</summary>
    private static async Task HangingAsync(
        Workbench bench, Backlog backlog, Endpoints endpoints, Guid[] healthy, Uri hanging,
        CancellationToken cancellation)
    {
        List<double> slowestBeside = [], slowestAlone = [];
        var alone = Healthies("with none", slowestAlone, (_, _) => Task.FromResult<Share[]>([]));
        var beside = Healthies("beside a hanging endpoint's 5 %", slowestBeside, async (count, stop) =>
        {
            var one = await endpoints.AddAsync([hanging], stop);
            return [new Share(one[0], count / Healthy)];
        });
        Report.Table();
        Report.Row("I1", await Ratio.MeasureAsync(beside, alone, bench.Plan, cancellation));

        // The first of each was the warm-up.
        var ratios = slowestBeside.Zip(slowestAlone, (one, other) => one / other).Skip(1).ToArray();
        Report.Note(
            $"\nI1, p99 from due to arrival: **{Report.Text(Ratio.Median(ratios))}** "
            + $"({Report.Text(ratios.Min())}-{Report.Text(ratios.Max())}): "
            + $"{Report.Text(Ratio.Median(slowestBeside.Skip(1)))} ms beside, "
            + $"{Report.Text(Ratio.Median(slowestAlone.Skip(1)))} ms alone.\n");

        Subject Healthies(
            string name, List<double> slowest, Func<int, CancellationToken, Task<Share[]>> unanswered) =>
            new($"healthy deliveries, {name}", "deliveries/s", async (duration, stop) =>
            {
                var shares = Backlog.Even(Backlog.CountFor(duration), healthy);
                var count = shares.Sum(share => share.Deliveries);
                var drained = await backlog.DrainAsync(shares, await unanswered(count, stop), stop);
                slowest.Add(Latency.Percentile(drained.Waits(), 0.99));
                return drained.Reading;
            });
    }

    private static async Task CrowdedAsync(
        Workbench bench, Backlog backlog, string ownersPath, Guid[] others, CancellationToken cancellation)
    {
        var length = bench.Plan == Plan.Full ? Long : LongOfQuickPlan;
        var owned = (int)(length * OwnersShare);
        Share[] shares = [new(backlog.Demo, owned), .. Backlog.Even(length - owned, others)];
        List<double> last = [], middle = [], sinceNotice = [];
        var before = Machine.Now();
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            var drained = await backlog.DrainAsync(shares, [], cancellation);
            var firsts = drained.Arrivals
                .Where(arrived => arrived.Path != ownersPath)
                .GroupBy(arrived => arrived.Path, StringComparer.Ordinal)
                .Select(path => path.Min(arrived => arrived.At))
                .ToArray();
            var noticed = drained.Arrivals.Min(arrived => arrived.At);
            double[] waits = [.. firsts.Select(at => Ms(drained.CommittedAt, at))];
            last.Add(waits.Max());
            middle.Add(Ratio.Median(waits));
            sinceNotice.Add(Ms(noticed, firsts.Max()));
        }

        Report.Note("| goal | first delivery to each of the others | ms (min-max) | steal, load |\n|---|---|---|---|");
        var machine = $"{Report.Text(Machine.Now().Since(before).StealShare * 100)} %, {Report.Text(Machine.Load())}";
        Print("I2", "the last of them, from the commit of the backlog", last);
        Print("-", "the median of them, from the commit", middle);
        Print("I2", "the last of them, from the first delivery to anybody", sinceNotice);

        void Print(string goal, string what, List<double> values) => Report.Note(
            $"| {goal} | {what}, {Others} endpoints beside one with {owned} of {length} "
            + $"| **{Report.Text(Ratio.Median(values))}** "
            + $"({Report.Text(values.Min())}-{Report.Text(values.Max())}) | {machine} |");
    }

    private static double Ms(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
