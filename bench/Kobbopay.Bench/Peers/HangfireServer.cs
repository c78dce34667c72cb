using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
using Npgsql;

namespace Kobbopay.Bench.Peers;

/// <summary>Hangfire over PostgreSQL (bench/peers/Hangfire).</summary>
internal sealed class HangfireServer(NpgsqlDataSource database, PeerProcess process, PeerBacklog backlog)
    : IAsyncDisposable
{
    private const string Database = "peer_hangfire";
    private const string Program = "Kobbopay.Bench.Hangfire";
    private const int PerSecond = 150;

    public Subject Drain => new("Hangfire.PostgreSql", "deliveries/s", async (duration, cancellation) =>
    {
        var count = (int)(duration.TotalSeconds * PerSecond);
        var reading = await backlog.DrainAsync(
            count, () => process.AskAsync($"{count}", "started", cancellation), cancellation);
        await process.AskAsync("stop", "stopped", cancellation);
        return reading;
    });

    public static async Task<HangfireServer> StartAsync(
        Workbench bench, Receiver receiver, CancellationToken cancellation)
    {
        var server = bench.Servers.Postgres;
        await server.CreateDatabaseAsync(Database, cancellation);
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", Program, "release", Program));
        var connectionString = server.ConnectionStringOf(Database);
        var process = await PeerProcess.StartAsync(
            bench, program, [], program, connectionString, receiver.Webhooks, cancellation);
        var database = NpgsqlDataSource.Create(connectionString);
        return new HangfireServer(database, process, new PeerBacklog(
            receiver, database, "select not exists (select from hangfire.job where statename <> 'Succeeded')"));
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await database.DisposeAsync();
    }
}
