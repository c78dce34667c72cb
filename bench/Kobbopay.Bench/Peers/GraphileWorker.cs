using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
using Npgsql;

namespace Kobbopay.Bench.Peers;

/// <summary>graphile-worker (bench/peers/graphile), with claims and completions in batches.</summary>
internal sealed class GraphileWorker(NpgsqlDataSource database, PeerProcess process, PeerBacklog backlog)
    : IAsyncDisposable
{
    private const string Database = "peer_graphile";
    private const int PerSecond = 3000;

    public Subject Drain => new("graphile-worker, tuned", "deliveries/s", (duration, cancellation) =>
    {
        var count = (int)(duration.TotalSeconds * PerSecond);
        return backlog.DrainAsync(count, () => FillAsync(count, cancellation), cancellation);
    });

    public static async Task<GraphileWorker> StartAsync(
        Workbench bench, Receiver receiver, CancellationToken cancellation)
    {
        var server = bench.Servers.Postgres;
        await server.CreateDatabaseAsync(Database, cancellation);
        var url = $"postgres://{server.UserName}:{server.Password}@{server.Host}:{server.Port}/{Database}";
        var folder = Path.Combine(Suite.Checkout(), "bench", "peers", "graphile");
        var process = await PeerProcess.StartAsync(
            bench, "node", ["worker.mjs"], Path.Combine(folder, "node_modules"), url, receiver.Webhooks, cancellation);
        var database = NpgsqlDataSource.Create(server.ConnectionStringOf(Database));
        return new GraphileWorker(database, process, new PeerBacklog(
            receiver, database, "select not exists (select from graphile_worker.jobs)"));
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await database.DisposeAsync();
    }

    private async Task FillAsync(int count, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select count(*) from graphile_worker.add_jobs(array(
              select row('deliver', json_build_object('id', 'evt_' || id, 'body', format(
                  '{"id":"evt_%s","type":"payment.created","filler":"%s"}', id, repeat('x', 1100))),
                null, null, null, null, null, null)::graphile_worker.job_spec
              from (select gen_random_uuid() as id from generate_series(1, $1)) new))
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await command.ExecuteScalarAsync(cancellation);
    }
}
