using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>E1: from a commit to the receiver, at 50 events a second.</summary>
internal static class CommitToReceiver
{
    private const int PerSecond = 50;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var database = NpgsqlDataSource.Create(Pgbench.ConnectionString(bench.Servers.Postgres));
        var pipeline = new BarePipeline(
            database, bench.Servers.RabbitMq.Uri, receiver, bench.Http, bench.Secret);
        await pipeline.LatenciesAsync(PerSecond, bench.Plan.UntilCompiled.WarmUp, cancellation);
        LatencyTable.Heading();
        await LatencyTable.PrintAsync(
            "- bare pipeline", bench.Plan, duration => pipeline.LatenciesAsync(PerSecond, duration, cancellation));

        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        var creates = new Creates(bench, product);
        await LatenciesAsync(bench, creates, receiver, bench.Plan.UntilCompiled.WarmUp, cancellation);
        await LatencyTable.PrintAsync(
            "E1 create to payment.created", bench.Plan,
            duration => LatenciesAsync(bench, creates, receiver, duration, cancellation));
    }

    /// <summary>From the moment at which the client has its 201 to the event's arrival.</summary>
    private static async Task<double[]> LatenciesAsync(
        Workbench bench, Creates creates, Receiver receiver, TimeSpan duration, CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        var committed = new Dictionary<string, long>(StringComparer.Ordinal);
        await Pace.RunAsync(PerSecond, duration, async () =>
        {
            using var request = creates.NewRequest();
            using var answer = await bench.Http.SendAsync(request, cancellation);
            var at = Stopwatch.GetTimestamp();
            answer.EnsureSuccessStatusCode();
            using var payment = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation));
            committed[payment.RootElement.GetProperty("payment_id").GetString()!] = at;
        }, cancellation);
        return await Latency.OfAsync(committed, receiver, cancellation);
    }
}
