using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
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
        await pipeline.LatenciesAsync(PerSecond, bench.Plan.WarmUp, cancellation);
        await LatencyTable.PrintAsync(
            "bare pipeline", bench.Plan, duration => pipeline.LatenciesAsync(PerSecond, duration, cancellation));
    }
}
