using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Product;

/// <summary>Some services of this checkout as processes, built in Release, healthy when started.</summary>
internal sealed class ProductProcesses : IAsyncDisposable
{
    /// <summary>By which PostgreSQL can tell the bench's connections from the product's.</summary>
    public const string ApplicationName = "bench";

    /// <summary>Some seed a million rows.</summary>
    private static readonly TimeSpan CommandPatience = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    private static readonly Dictionary<string, string> Projects = new(StringComparer.Ordinal)
    {
        [ResourceNames.Payments] = "Kobbopay.Payments",
        [ResourceNames.Webhooks] = "Kobbopay.Webhooks",
        [ResourceNames.PublicStatus] = "Kobbopay.PublicStatus",
        [ResourceNames.Gateway] = "Kobbopay.Gateway",
    };

    private readonly Dictionary<string, ChildProcess> children = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Uri> addresses;
    private readonly Workbench bench;
    private readonly Installation installation;

    private ProductProcesses(Workbench bench, Installation installation)
    {
        (this.bench, this.installation) = (bench, installation);
        var ports = LoopbackPorts.Free(Projects.Count);
        addresses = Projects.Keys.Zip(ports).ToDictionary(
            pair => pair.First,
            pair => new UriBuilder(Uri.UriSchemeHttp, "127.0.0.1", pair.Second).Uri,
            StringComparer.Ordinal);
    }

    public static IEnumerable<string> All => Projects.Keys;

    public Configuration Configuration { get; } = new();

    public static string? DatabaseOf(string service) => service switch
    {
        ResourceNames.Payments => ResourceNames.PaymentsDatabase,
        ResourceNames.Webhooks => ResourceNames.WebhooksDatabase,
        ResourceNames.PublicStatus => ResourceNames.PublicStatusDatabase,
        _ => null,
    };

    /// <param name="webhooks">The demo merchant's endpoint, or null for none.</param>
    /// <param name="services">Which to start, in this order. Their databases are new.</param>
    public static Task<ProductProcesses> StartAsync(
        Workbench bench, Uri? webhooks, CancellationToken cancellation, params IEnumerable<string> services) =>
        StartAsync(bench, Installation.Usual(bench), webhooks, cancellation, services);

    public static async Task<ProductProcesses> StartAsync(
        Workbench bench,
        Installation installation,
        Uri? webhooks,
        CancellationToken cancellation,
        params IEnumerable<string> services)
    {
        var processes = new ProductProcesses(bench, installation);
        try
        {
            foreach (var database in Projects.Keys.Select(DatabaseOf).OfType<string>())
                await RenewAsync(bench.Servers.Postgres, installation.NameOf(database), cancellation);
            foreach (var service in services)
                await processes.StartOneAsync(service, webhooks, cancellation);
            return processes;
        }
        catch
        {
            await processes.DisposeAsync();
            throw;
        }
    }

    public Uri AddressOf(string service) => addresses[service];

    public int ProcessIdOf(string service) => children[service].Id;

    /// <summary>The installation's database of this name, for the bench's own statements.</summary>
    public NpgsqlDataSource Open(string database) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(installation.ConnectionStringOf(bench, database))
        {
            ApplicationName = ApplicationName,
            CommandTimeout = (int)CommandPatience.TotalSeconds,
        });

    /// <summary>Starts one more, or again one that was stopped.</summary>
    public async Task StartOneAsync(string service, Uri? webhooks, CancellationToken cancellation)
    {
        var program = Path.GetFullPath(Path.Combine(
            AppContext.BaseDirectory, "..", "..", Projects[service], "release", Projects[service]));
        var child = await ChildProcess.StartAsync(
            new ChildCommand(service, program, [])
            {
                WorkingDirectory = Path.GetDirectoryName(program)!,
                Environment = Configuration.Of(service, bench, installation, addresses, webhooks),
            },
            cancellation);
        children[service] = child;

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        while (!await IsHealthyAsync(bench.Http, service, limited.Token))
        {
            if (child.Exited.IsCompleted)
                throw new InvalidOperationException($"{service} ended:\n{(await child.Exited).Tail}");
            await Task.Delay(Poll, TimeProvider.System, limited.Token);
        }
    }

    public async Task StopOneAsync(string service)
    {
        if (children.Remove(service, out var child))
        {
            await child.StopAsync(StopPatience);
            await child.DisposeAsync();
        }
    }

    /// <summary>Ends it as a crash would.</summary>
    public async Task KillOneAsync(string service)
    {
        if (children.Remove(service, out var child))
            await child.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in children.Keys.Reverse().ToArray())
            await StopOneAsync(service);
    }

    private static async Task RenewAsync(PostgresServer server, string database, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
#pragma warning disable CA2100 // An identifier can't be a parameter; it is one of ours.
        await using var drop = source.CreateCommand($"drop database if exists {database} with (force)");
#pragma warning restore CA2100
        await drop.ExecuteNonQueryAsync(cancellation);
        await server.CreateDatabaseAsync(database, cancellation);
    }

    private async Task<bool> IsHealthyAsync(HttpClient http, string service, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(addresses[service], "/health"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
