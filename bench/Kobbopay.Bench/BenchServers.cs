using Kobbopay.LocalServers;

namespace Kobbopay.Bench;

/// <summary>A PostgreSQL (fsync on) and a RabbitMQ of this run's own; gone with their data when it ends.</summary>
internal sealed class BenchServers : IAsyncDisposable
{
    private readonly string folder;

    private BenchServers(string folder, PostgresServer postgres, RabbitMqServer rabbitMq)
    {
        this.folder = folder;
        Postgres = postgres;
        RabbitMq = rabbitMq;
    }

    public PostgresServer Postgres { get; }

    public RabbitMqServer RabbitMq { get; }

    /// <param name="checkout">Their folder is under its .kobbopay, or where the servers' users can reach it.</param>
    public static async Task<BenchServers> StartAsync(string checkout, CancellationToken cancellation)
    {
        var root = await StateFolder.ChooseAsync(Path.Combine(checkout, ".kobbopay", "bench"), cancellation);
        var (data, node) = (Path.Combine(root, "postgres"), Path.Combine(root, "rabbitmq"));
        foreach (var left in new[] { data, node }.Where(Directory.Exists))
            Directory.Delete(left, recursive: true);

        var starting = RabbitMqServer.StartAsync(new RabbitMqSettings(node), cancellation);
        var postgres = await PostgresServer.StartAsync(new PostgresSettings(data), cancellation);
        try
        {
            return new BenchServers(root, postgres, await starting);
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RabbitMq.DisposeAsync();
        await Postgres.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
