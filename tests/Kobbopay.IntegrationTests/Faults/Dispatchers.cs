using System.Text.Json;
using Kobbopay.Durability;
using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>
/// Processes of the Webhooks service over one database and one broker: as many as a test starts, each to be killed at
/// any moment.
/// </summary>
internal sealed class Dispatchers : IAsyncDisposable
{
    /// <summary>What Payments knows the service by, which asks it for events that the bus has lost.</summary>
    public static readonly string PaymentsKey = new('w', 43);

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly string _connectionString;
    private readonly Uri _broker;
    private readonly IAsyncDisposable[] _owned;
    private readonly List<ChildProcess> _processes = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private Dispatchers(string connectionString, Uri broker, params IAsyncDisposable[] owned)
    {
        (_connectionString, _broker, _owned) = (connectionString, broker, owned);
        Sql = NpgsqlDataSource.Create(connectionString);
    }

    public NpgsqlDataSource Sql { get; }

    /// <summary>Of Payments; nobody is there unless set.</summary>
    public Uri Payments { get; init; } = new("http://127.0.0.1:9");

    /// <summary>More of the processes' environment.</summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Over a database and a broker of their own.</summary>
    public static async Task<Dispatchers> CreateAsync(Uri? payments = null, Uri? broker = null)
    {
        var database = await TestDatabase.CreateAsync("webhooks", connectionString => Migrations.UpgradeAsync(
            connectionString, typeof(Kobbopay.Webhooks.Program).Assembly, CancellationToken.None));
        var own = broker is null ? await TestBroker.CreateAsync() : null;
        IAsyncDisposable[] owned = own is null ? [database] : [database, own];
        return new Dispatchers(database.ConnectionString, broker ?? own!.Uri, owned)
        {
            Payments = payments ?? new Uri("http://127.0.0.1:9"),
        };
    }

    /// <summary>Over a database on a server of the test's own, to be migrated by the first process.</summary>
    public static async Task<Dispatchers> CreateAsync(PostgresServer server)
    {
        await server.CreateDatabaseAsync(ResourceNames.WebhooksDatabase, Token);
        var broker = await TestBroker.CreateAsync();
        return new Dispatchers(server.ConnectionStringOf(ResourceNames.WebhooksDatabase), broker.Uri, broker);
    }

    /// <summary>Starts one more, which has looked into the queue when this returns.</summary>
    public async Task<ChildProcess> StartAsync()
    {
        var url = new Uri($"http://127.0.0.1:{LoopbackPorts.Free(1)[0]}");
        var process = await ChildProcess.StartAsync(Command(url), Token);
        _processes.Add(process);
        await Eventually.TrueAsync(
            async () => process.Exited.IsCompleted || await IsAtWorkAsync(url), StartPatience, "a dispatcher at work");
        if (process.Exited.IsCompleted)
            throw new InvalidOperationException($"The dispatcher ended:\n{(await process.Exited).Tail}");
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
        _http.Dispose();
        await Sql.DisposeAsync();
        foreach (var one in _owned)
            await one.DisposeAsync();
    }

    /// <summary>Of its health only this loop matters: without Payments another one never gets through.</summary>
    private async Task<bool> IsAtWorkAsync(Uri url)
    {
        using var answer = await _http.GetAsync(new Uri(url, "/health"), Token);
        var health = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
        return health.GetProperty("checks").GetProperty("DeliveryWorker").GetProperty("status").GetString()
            == "Healthy";
    }

    private ChildCommand Command(Uri url)
    {
        var program = typeof(Kobbopay.Webhooks.Program).Assembly.Location;
        return new ChildCommand("webhooks", "dotnet", [program])
        {
            WorkingDirectory = Path.GetDirectoryName(program)!,
            Environment = new Dictionary<string, string>(Environment, StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_URLS"] = url.OriginalString,
                ["Egress__AllowedCidrs__0"] = "127.0.0.0/8",
                ["Secrets__CurrentKey"] = "k1",
                ["Secrets__Keys__k1"] = Backlog.VaultKey,
                [$"ConnectionStrings__{ResourceNames.WebhooksDatabase}"] = _connectionString,
                [$"ConnectionStrings__{ResourceNames.Messaging}"] = _broker.ToString(),
                [$"services__{ResourceNames.Payments}__http__0"] = Payments.OriginalString,
                [$"Identity__Issue__{ResourceNames.Payments}"] = PaymentsKey,
                [TestGateway.AcceptVariable] = TestGateway.Key,
            },
        };
    }
}
