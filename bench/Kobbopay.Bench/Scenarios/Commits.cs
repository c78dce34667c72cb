using System.Diagnostics;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>W3: commits of a delivery, and messages on the bus of a payment event.</summary>
internal static class Commits
{
    private const int Payments = 500;
    private const int SeveralEndpoints = 10;

    /// <summary>Counters of an idle connection of PostgreSQL are up to date after 10 s.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await CommitsAsync(bench, product, receiver, cancellation);

        await bench.Servers.RabbitMq.SetTracingAsync(true, cancellation);
        try
        {
            Report.Note("\n| goal | payment events | endpoints | published / event | consumed by Webhooks / event "
                + "| deliveries / event | published to |\n|---|---|---|---|---|---|---|");
            // One for both: its idempotency keys go on.
            var creates = new Creates(bench, product);
            await MessagesAsync(bench, product, creates, endpoints: 1, cancellation);
            await new Endpoints(bench, product).AddAsync(
                Enumerable.Range(1, SeveralEndpoints - 1).Select(receiver.At), cancellation);
            await MessagesAsync(bench, product, creates, SeveralEndpoints, cancellation);
        }
        finally
        {
            await bench.Servers.RabbitMq.SetTracingAsync(false, cancellation);
        }
    }

    private static async Task CommitsAsync(
        Workbench bench, ProductProcesses product, Receiver receiver, CancellationToken cancellation)
    {
        await using var backlog = new Backlog(product, receiver);
        var share = new Share(backlog.Demo, Backlog.CountFor(bench.Plan.Duration));
        await backlog.DrainAsync([share], [], cancellation);
        await Task.Delay(Settling, TimeProvider.System, cancellation);
        var start = await CountAsync(bench, cancellation);
        await Task.Delay(Settling, TimeProvider.System, cancellation);
        var idle = await CountAsync(bench, cancellation) - start;

        var perDelivery = new List<double>();
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            var before = await CountAsync(bench, cancellation);
            await backlog.DrainAsync([share], [], cancellation);
            await Task.Delay(Settling, TimeProvider.System, cancellation);
            var made = await CountAsync(bench, cancellation) - before - idle;
            perDelivery.Add((double)made / share.Deliveries);
        }

        Report.Note("| goal | deliveries | commits / delivery (min-max) | commits/s at rest |\n|---|---|---|---|\n"
            + $"| W3 | {share.Deliveries} | **{perDelivery.Order().ElementAt(perDelivery.Count / 2):0.0000}** "
            + $"({perDelivery.Min():0.0000}-{perDelivery.Max():0.0000}) "
            + $"| {Report.Text(idle / Settling.TotalSeconds)} |");
    }

    /// <summary>Of the Webhooks database since its creation, asked from another one.</summary>
    private static async Task<long> CountAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(bench.Servers.Postgres.ConnectionString);
        await using var command = source.CreateCommand("select xact_commit from pg_stat_database where datname = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ResourceNames.WebhooksDatabase });
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task MessagesAsync(
        Workbench bench, ProductProcesses product, Creates creates, int endpoints, CancellationToken cancellation)
    {
        await using var database = product.Open(ResourceNames.WebhooksDatabase);
        await using var trace = await BusTrace.StartAsync(bench.Servers.RabbitMq.Uri, cancellation);
        var (delivered, wanted) = (await DeliveredAsync(database, cancellation), Payments * endpoints);
        await HttpLoop.EachOnceAsync(
            creates.Address(ResourceNames.Payments), Enumerable.Range(0, Payments).Select(_ => creates.NewBytes()),
            StatusCodes.Status201Created, cancellation);

        // A message more than expected would come with the others, or soon after.
        var watch = Stopwatch.StartNew();
        while (await DeliveredAsync(database, cancellation) - delivered < wanted && watch.Elapsed < Patience)
            await Task.Delay(Poll, TimeProvider.System, cancellation);
        await Task.Delay(bench.Plan.WarmUp, TimeProvider.System, cancellation);
        var made = await DeliveredAsync(database, cancellation) - delivered;
        if (made != wanted)
            throw new InvalidOperationException($"{made} deliveries, not {wanted}.");

        Report.Note($"| W3 | {Payments} | {endpoints} | **{Report.Text((double)trace.Published / Payments)}** "
            + $"| **{Report.Text((double)trace.DeliveredFrom(ResourceNames.Webhooks) / Payments)}** "
            + $"| {Report.Text((double)made / Payments)} | {trace.Exchanges} |");
    }

    private static async Task<long> DeliveredAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select count(*) from attempts where outcome = 'succeeded'");
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
