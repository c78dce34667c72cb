using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Npgsql;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>
/// The real Payments service on a port of its own, with a database and a broker of its own; requests carry an identity
/// as the gateway signs it. One merchant exists in both environments; <see cref="AddMerchantAsync"/> makes others.
/// </summary>
public sealed class PaymentsHost : IAsyncDisposable
{
    internal const string GatewayKey = "a-key-of-the-gateway-for-payments-in-these-tests";
    private readonly TestDatabase _database;
    private readonly TestBroker _broker;
    private readonly WebApplication _app;
    private readonly IdentityIssuer _gateway;
    private readonly bool _ownsServers;

    private PaymentsHost(
        TestDatabase database, TestBroker broker, WebApplication app, TimeProvider clock, bool ownsServers)
    {
        (_database, _broker, _app, _ownsServers) = (database, broker, app, ownsServers);
        Database = NpgsqlDataSource.Create(database.ConnectionString);
        Url = new Uri(app.Urls.Single());
        Http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Url };
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Identity:Issue:payments", GatewayKey)]).Build();
        _gateway = new IdentityIssuer(
            new IdentityKeys(configuration),
            new HostingEnvironment { ApplicationName = "Kobbopay.Gateway" },
            clock);
    }

    public NpgsqlDataSource Database { get; }

    public Uri Url { get; }

    public Uri Broker => _broker.Uri;

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public MerchantIdentity Merchant { get; private set; } = null!;

    /// <param name="settings">More command-line arguments, which win over those of this house.</param>
    public static async Task<PaymentsHost> StartAsync(TimeProvider? clock = null, params string[] settings)
    {
        var database = await TestDatabase.CreateAsync("payments", connectionString =>
            Migrations.UpgradeAsync(
                connectionString, typeof(Kobbopay.Payments.Program).Assembly, CancellationToken.None));
        var broker = await TestBroker.CreateAsync();
        var app = await StartAppAsync(database, broker, clock, settings);
        var host = new PaymentsHost(database, broker, app, clock ?? TimeProvider.System, ownsServers: true);
        host.Merchant = await host.AddMerchantAsync();
        return host;
    }

    /// <summary>Another process of the service over the same database and broker, for the same merchant.</summary>
    public async Task<PaymentsHost> StartReplicaAsync() => new(
        _database, _broker, await StartAppAsync(_database, _broker, clock: null, []), TimeProvider.System,
        ownsServers: false)
    {
        Merchant = Merchant,
    };

    private static async Task<WebApplication> StartAppAsync(
        TestDatabase database, TestBroker broker, TimeProvider? clock, string[] settings)
    {
        var app = Kobbopay.Payments.Program.Build(
            [
                "--applicationName", "Kobbopay.Payments",
                "--urls", "http://127.0.0.1:0",
                "--ConnectionStrings:paymentsdb", database.ConnectionString,
                "--ConnectionStrings:messaging", broker.Uri.ToString(),
                "--Identity:Accept:gateway:0", GatewayKey,
                "--PublicUrl", "https://pay.example.com",
                "--Logging:LogLevel:Default", "Warning",
                .. settings,
            ],
            clock);
        await app.StartAsync();
        return app;
    }

    /// <summary>A merchant with settings in both environments; the identity is that of a full test key.</summary>
    public async Task<MerchantIdentity> AddMerchantAsync(string orderIdPolicy = "unique_open")
    {
        var id = Id.New(TimeProvider.System);
        await using var command = Database.CreateCommand("""
            with merchant as (insert into merchants (id, display_name) values ($1, 'Test Shop'))
            insert into merchant_settings (merchant_id, environment, order_id_policy, return_url_hosts)
            values ($1, 'test', $2, '{shop.example.com}'), ($1, 'live', $2, '{shop.example.com}')
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = orderIdPolicy });
        await command.ExecuteNonQueryAsync();
        return new MerchantIdentity(id, MerchantEnvironments.Test, Id.New(TimeProvider.System), Scopes.All);
    }

    /// <summary>Sends a request as a merchant (the host's own when none is given).</summary>
    public Task<ApiAnswer> SendAsync(
        HttpMethod method,
        string path,
        string? json = null,
        MerchantIdentity? merchant = null,
        string? idempotencyKey = null) =>
        SendAsync(
            method, path, json, _gateway.ForMerchant(ResourceNames.Payments, merchant ?? Merchant),
            idempotencyKey is null ? [] : [("Idempotency-Key", idempotencyKey)]);

    /// <summary>What the gateway is told of a key, or null.</summary>
    public async Task<ApiKeyDescription?> LookUpAsync(string key)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri($"{InternalApi.ApiKeys}/{ApiKey.Hash(key)}", UriKind.Relative));
        _gateway.SignCall(ResourceNames.Payments, request.Headers);
        using var response = await Http.SendAsync(request);
        if (response.StatusCode == System.Net.HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize(
            await response.Content.ReadAsStringAsync(), ContractsJson.Default.ApiKeyDescription);
    }

    private async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, string? json, string? identity, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (identity is not null)
            request.Headers.Add(IdentityToken.Header, identity);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new ApiAnswer(
            (int)response.StatusCode,
            response.Headers.ToDictionary(
                h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            text);
    }

    /// <summary>Sends a request as an operator.</summary>
    public Task<ApiAnswer> OperateAsync(
        HttpMethod method, string path, string? json = null, string name = "olga", string? idempotencyKey = null) =>
        SendAsync(
            method, path, json, _gateway.ForOperator(ResourceNames.Payments, new OperatorIdentity(name)),
            idempotencyKey is null ? [] : [("Idempotency-Key", idempotencyKey)]);

    /// <summary>Sends a request as anybody does.</summary>
    public Task<ApiAnswer> SendPublicAsync(HttpMethod method, string path, string? json = null) =>
        SendAsync(method, path, json, identity: null);

    /// <summary>Opens an answer that may not end, such as a stream.</summary>
    public async Task<HttpResponseMessage> OpenAsync(
        string path, MerchantIdentity? merchant = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Add(IdentityToken.Header, _gateway.ForMerchant(ResourceNames.Payments, merchant ?? Merchant));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public Task StopAsync() => _app.StopAsync();

    public Task<ApiAnswer> CreateAsync(string json, MerchantIdentity? merchant = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, "/v1/payments", json, merchant, idempotencyKey);

    public async Task ExecuteAsync(string sql)
    {
#pragma warning disable CA2100 // Statements of tests.
        await using var command = Database.CreateCommand(sql);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<long> CountAsync(string table)
    {
#pragma warning disable CA2100 // Table names of the tests.
        await using var command = Database.CreateCommand($"select count(*) from {table}");
#pragma warning restore CA2100
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Http.Dispose();
        await Database.DisposeAsync();
        if (!_ownsServers)
            return;
        await _broker.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>A status, headers and a body.</summary>
public sealed record ApiAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? Code => (string?)Json["code"];

    /// <summary>Pointer of the one invalid field.</summary>
    public string? Pointer => (string?)Json["errors"]?[0]?["pointer"];
}
