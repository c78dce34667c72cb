using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>C2: creates and list pages with few and with many payments stored, all of one merchant.</summary>
internal static class Growth
{
    private const int Clients = 16;
    private const int Readers = 4;
    private const int PagesPerSecond = 100;
    private const int Few = 10_000;
    private const int Many = 5_000_000;
    private const int ManyOfQuickPlan = 100_000;

    private static readonly string[] Pages =
    [
        "", "?status=Pending", "?status=Confirmed&limit=100", "?network=example-network&currency=USDT",
        "?orderId=old-17", "?createdFrom=2026-01-02T00:00:00Z&createdTo=2026-01-03T00:00:00Z",
    ];

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product);
        var direct = creates.Direct(Clients);
        var many = bench.Plan == Plan.Full ? Many : ManyOfQuickPlan;
        await using var database = NpgsqlDataSource.Create(
            bench.Servers.Postgres.ConnectionStringOf(ResourceNames.PaymentsDatabase) + ";Command Timeout=1800");
        await direct.MeasureAsync(bench.Plan.WarmUp, cancellation);

        var few = await StageAsync(bench, creates, database, Few, cancellation);
        var full = await StageAsync(bench, creates, database, many, cancellation);
        Report.Note(
            $"\nC2, {many} payments / {Few}: creates **{Report.Text(full.Creates / few.Creates)}** "
            + $"(each as a share of pgbench's in the same minute: {Report.Text(full.Creates)}, "
            + $"{Report.Text(few.Creates)}), list page p99 **{Report.Text(few.Page / full.Page)}** "
            + $"({Report.Text(few.Page)} ms, {Report.Text(full.Page)} ms).");
    }

    private static async Task<Stage> StageAsync(
        Workbench bench, Creates creates, NpgsqlDataSource database, int payments, CancellationToken cancellation)
    {
        await FillAsync(database, payments, cancellation);
        Report.Table();
        var ratio = await Ratio.MeasureAsync(
            creates.Direct(Clients), Pgbench.OneStatement(bench.Servers.Postgres, Clients), bench.Plan, cancellation);
        Report.Row($"C2, {payments}", ratio);
        Report.Note(string.Empty);

        LatencyTable.Heading();
        var (address, slowest) = (creates.Address(ResourceNames.Payments), 0.0);
        foreach (var page in Pages)
        {
            var request = HttpConnection.Request(HttpMethod.Get, new Uri(address, page), [creates.Identity()]);
            var p99 = new List<double>();
            await LatencyTable.PrintAsync($"GET /v1/payments{page}", bench.Plan, async duration =>
            {
                var latencies = await HttpLoop.PacedAsync(
                    address, Readers, PagesPerSecond, duration / 2,
                    () => request, StatusCodes.Status200OK, cancellation);
                p99.Add(Latency.Percentile(latencies, 0.99));
                return latencies;
            });
            slowest = Math.Max(slowest, Ratio.Median(p99));
        }

        return new Stage(ratio.Median, slowest);
    }

    private static async Task FillAsync(NpgsqlDataSource database, int payments, CancellationToken cancellation)
    {
        var script = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Sql", "many-payments.sql"), cancellation);
        foreach (var part in script.Replace("{payments}", $"{payments}", StringComparison.Ordinal).Split("$$;"))
        {
#pragma warning disable CA2100 // A file of this project and a number.
            await using var command = database.CreateCommand(part.Contains("$$") ? part + "$$" : part);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    /// <param name="Creates">As a share of the baseline's.</param>
    /// <param name="Page">Milliseconds, p99 of the slowest kind of page.</param>
    private sealed record Stage(double Creates, double Page);
}
