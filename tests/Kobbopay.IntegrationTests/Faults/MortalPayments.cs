using System.Text;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>
/// The Payments service as a process that ends itself at a fault point and is started again, as an orchestrator would,
/// over the same database and broker; and a client that repeats a request until it has an answer.
/// </summary>
internal sealed class MortalPayments : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly TestDatabase _database;
    private readonly TestBroker? _ownBroker;
    private readonly int _port = LoopbackPorts.Free(1)[0];
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _http;
    private readonly IdentityIssuer _gateway = TestGateway.IssuerFor(ResourceNames.Payments);
    private readonly MerchantIdentity _merchant = new(
        Id.New(TimeProvider.System), MerchantEnvironments.Test, Id.New(TimeProvider.System), Scopes.All);

    private Task _life = Task.CompletedTask;

    private MortalPayments(TestDatabase database, TestBroker? ownBroker, Uri broker)
    {
        (_database, _ownBroker, Broker) = (database, ownBroker, broker);
        Database = NpgsqlDataSource.Create(database.ConnectionString);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = Url,
            Timeout = TimeSpan.FromSeconds(10),
        };
    }

    public Uri Broker { get; }

    public Uri Url => new($"http://127.0.0.1:{_port}");

    public Guid Merchant => _merchant.MerchantId;

    public NpgsqlDataSource Database { get; }

    /// <summary>More of the processes' environment.</summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>How often it has died.</summary>
    public int Deaths { get; private set; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="broker">One of its own unless given.</param>
    public static async Task<MortalPayments> CreateAsync(Uri? broker = null)
    {
        var database = await TestDatabase.CreateAsync("payments", connection => Migrations.UpgradeAsync(
            connection, typeof(Kobbopay.Payments.Program).Assembly, CancellationToken.None));
        var own = broker is null ? await TestBroker.CreateAsync() : null;
        var payments = new MortalPayments(database, own, broker ?? own!.Uri);
        await using var command = payments.Database.CreateCommand("""
            with merchant as (insert into merchants (id, display_name) values ($1, 'Mortal Shop'))
            insert into merchant_settings (merchant_id, environment) values ($1, 'test')
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = payments._merchant.MerchantId });
        await command.ExecuteNonQueryAsync(Token);
        return payments;
    }

    /// <summary>Starts it; it dies at the fault point, if there is one, once, and its later lives are whole.</summary>
    public void Start(string? faultPoint = null) => _life = LiveAsync(faultPoint);

    /// <summary>Repeats the request, with the same key, until it is answered with 2xx.</summary>
    public Task<ApiAnswer> PostAsync(string path, string? json, string key) =>
        PostAsync(path, json, key, () => _gateway.ForMerchant(ResourceNames.Payments, _merchant));

    /// <summary>The same as an operator.</summary>
    public Task<ApiAnswer> OperateAsync(string path, string json, string key) => PostAsync(
        path, json, key, () => _gateway.ForOperator(ResourceNames.Payments, new OperatorIdentity("olga")));

    private async Task<ApiAnswer> PostAsync(
        string path, string? json, string key, Func<string> identify) => await Eventually.GetAsync(
        async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
            request.Headers.Add(IdentityToken.Header, identify());
            request.Headers.Add("Idempotency-Key", key);
            if (json is not null)
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            using var response = await _http.SendAsync(request, Token);
            return new ApiAnswer(
                (int)response.StatusCode,
                response.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.Ordinal),
                await response.Content.ReadAsStringAsync(Token));
        },
        answer => answer.Status is 200 or 201,
        Patience);

    public async Task<T> QueryAsync<T>(string sql)
    {
#pragma warning disable CA2100 // Statements of tests.
        await using var command = Database.CreateCommand(sql);
#pragma warning restore CA2100
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _life;
        _end.Dispose();
        _http.Dispose();
        await Database.DisposeAsync();
        if (_ownBroker is not null)
            await _ownBroker.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task LiveAsync(string? faultPoint)
    {
        while (!_end.IsCancellationRequested)
        {
            await using var child = await ChildProcess.StartAsync(Command(faultPoint), CancellationToken.None);
            await Task.WhenAny(child.Exited, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _end.Token));
            if (!child.Exited.IsCompleted)
            {
                await child.StopAsync(StopPatience);
                return;
            }

            Deaths++;
            faultPoint = null;
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private ChildCommand Command(string? faultPoint)
    {
        var program = typeof(Kobbopay.Payments.Program).Assembly.Location;
        return new ChildCommand("payments", "dotnet", [program])
        {
            WorkingDirectory = Path.GetDirectoryName(program)!,
            Environment = new Dictionary<string, string>(Environment, StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_URLS"] = Url.OriginalString,
                [$"ConnectionStrings__{ResourceNames.PaymentsDatabase}"] = _database.ConnectionString,
                [$"ConnectionStrings__{ResourceNames.Messaging}"] = Broker.ToString(),
                [TestGateway.AcceptVariable] = TestGateway.Key,
                [$"Identity__Accept__{ResourceNames.Webhooks}__0"] = Dispatchers.PaymentsKey,
                ["PublicUrl"] = "https://pay.example.com",
                ["KOBBOPAY_FAULT_POINT"] = faultPoint ?? string.Empty,
            },
        };
    }
}
