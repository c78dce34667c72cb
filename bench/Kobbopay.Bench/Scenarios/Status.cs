using System.Globalization;
using System.Text.Json;
using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// S1: what payers look at, from memory beside a bare Kestrel's hello, and from the table beside pgbench's select.
/// </summary>
internal static class Status
{
    private const int Clients = 16;
    private const int Views = 200_000;

    /// <summary>Payments that are looked at again and again.</summary>
    private const int Warm = 100;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments, ResourceNames.PublicStatus);
        await SeedAsync(bench, product, cancellation);
        await using var hello = await Role.StartAsync(cancellation, HelloRole.Name);
        var greeting = HttpConnection.Request(HttpMethod.Get, hello.Address, []);

        var last = -1;
        var warm = Reads(
            product, "public status, in memory", () => (int)((uint)Interlocked.Increment(ref last) % Warm));
        var greet = new Subject("bare Kestrel", "reads/s", (duration, token) =>
            HttpLoop.RunAsync(hello.Address, Clients, duration, () => greeting, StatusCodes.Status200OK, token));
        // Further on than memory reaches: each of them was read so long ago that it is not there any more.
        var next = Warm;
        var cold = Reads(
            product, "public status, from the table", () => Warm + (Interlocked.Increment(ref next) % (Views - Warm)));
        var select = Pgbench.SelectView(
            bench.Servers.Postgres, ResourceNames.PublicStatusDatabase, Clients);

        Report.Table();
        Report.Row("S1 warm", await Ratio.MeasureAsync(warm, greet, bench.Plan.UntilCompiled, cancellation));
        Report.Row("S1 cold", await Ratio.MeasureAsync(cold, select, bench.Plan.UntilCompiled, cancellation));
    }

    private static async Task SeedAsync(Workbench bench, ProductProcesses product, CancellationToken cancellation)
    {
        // One real payment is what all the others are copies of; who looks at it has it stored.
        var creates = new Creates(bench, product);
        using var create = creates.NewRequest();
        using var answer = await bench.Http.SendAsync(create, cancellation);
        answer.EnsureSuccessStatusCode();
        using var payment = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation));
        var page = payment.RootElement.GetProperty("publicStatusUrl").GetString()!;
        await bench.Http.GetStringAsync(
            new Uri(
                product.AddressOf(ResourceNames.PublicStatus),
                $"/v1/public/payments/{page[(page.LastIndexOf('/') + 1)..]}"),
            cancellation);
        await using var database = product.Open(ResourceNames.PublicStatusDatabase);
        var script = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Sql", "many-views.sql"), cancellation);
        foreach (var statement in script
            .Replace("{views}", Views.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
#pragma warning disable CA2100 // The text is a file of this project.
            await using var command = database.CreateCommand(statement);
#pragma warning restore CA2100
            if (await command.ExecuteNonQueryAsync(cancellation) is 0)
                throw new InvalidOperationException("There was no view to copy.");
        }
    }

    private static Subject Reads(ProductProcesses product, string name, Func<int> next)
    {
        var service = product.AddressOf(ResourceNames.PublicStatus);
        var requests = Enumerable.Range(1, Views)
            .Select(n => HttpConnection.Request(
                HttpMethod.Get, new Uri(service, $"/v1/public/payments/pst_{n:d26}"), []))
            .ToArray();
        return new Subject(name, "reads/s", (duration, cancellation) => HttpLoop.RunAsync(
            service, Clients, duration, () => requests[next()], StatusCodes.Status200OK, cancellation));
    }
}
