using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Kobbopay.IntegrationTests.Whole;

/// <summary>
/// All four services as they run, over real servers; what tests do comes in through the gateway, as everybody's
/// requests do. Limits are out of the way.
/// </summary>
public sealed class WholeKobbopay : IAsyncLifetime
{
    public const string OperatorKey = "op_the-key-of-an-operator-in-these-tests";

    private static readonly string[] Pairs =
    [
        "gateway payments", "gateway webhooks", "gateway publicstatus", "webhooks payments", "payments webhooks",
        "publicstatus payments",
    ];

    private readonly List<WebApplication> _apps = [];
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly int[] _ports = LoopbackPorts.Free(5);
    private NpgsqlDataSource? _payments;
    private string _broker = string.Empty;

    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Payments => _apps[0].Services;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var broker = await TestBroker.CreateAsync();
        _broker = broker.Uri.ToString();
        _servers.Add(broker);
        var databases = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["payments"] = await DatabaseAsync("payments", typeof(Kobbopay.Payments.Program)),
            ["webhooks"] = await DatabaseAsync("webhooks", typeof(Kobbopay.Webhooks.Program)),
            ["publicstatus"] = await DatabaseAsync("publicstatus", typeof(Kobbopay.PublicStatus.Program)),
        };
        _payments = NpgsqlDataSource.Create(databases["payments"]);
        await StartAsync(Kobbopay.Payments.Program.Build(Arguments("Payments", 0, databases["payments"])));
        await StartAsync(Kobbopay.Webhooks.Program.Build(Arguments("Webhooks", 1, databases["webhooks"])));
        await StartAsync(Kobbopay.PublicStatus.Program.Build(Arguments("PublicStatus", 2, databases["publicstatus"])));
        Http = await StartGatewayAsync(3);
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (_payments is not null)
            await _payments.DisposeAsync();
        foreach (var app in Enumerable.Reverse(_apps))
            await app.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    /// <summary>Another gateway beside the first, and a client of it.</summary>
    public Task<HttpClient> StartSecondGatewayAsync() => StartGatewayAsync(4);

    /// <summary>A merchant with settings in both environments, and a full key of each.</summary>
    public async Task<WholeMerchant> AddMerchantAsync()
    {
        var (id, test, live) = (Id.New(TimeProvider.System), ApiKey.Create("test"), ApiKey.Create("live"));
        await using var command = _payments!.CreateCommand("""
            with merchant as (insert into merchants (id, display_name) values ($1, 'Whole Shop'))
            insert into merchant_settings (merchant_id, environment, return_url_hosts)
            values ($1, 'test', '{shop.example.com}'), ($1, 'live', '{shop.example.com}')
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(Token);
        foreach (var (environment, key) in new[] { ("test", test), ("live", live) })
            await AddKeyAsync(id, environment, key, Scopes.All);
        return new WholeMerchant(id, test, live);
    }

    /// <summary>A key of a merchant as it stands in the database: in any state, without a way there.</summary>
    public async Task<string> AddKeyAsync(
        Guid merchantId, string environment, string key, IEnumerable<string> scopes, string state = "active")
    {
        await using var command = _payments!.CreateCommand("""
            insert into api_keys
              (id, merchant_id, environment, hash, prefix, last4, label, scopes, expires_at, revoked_at)
            values ($1, $2, $3, $4, $5, $6, 'A key', $7, case when $8 = 'expired' then now() - interval '1 hour' end,
              case when $8 = 'revoked' then now() end)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Id.New(TimeProvider.System) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchantId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = environment });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ApiKey.Hash(key) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key[..8] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key[^4..] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. scopes] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = state });
        await command.ExecuteNonQueryAsync(Token);
        return key;
    }

    /// <summary>Every operation of the merged API description.</summary>
    public async Task<IReadOnlyList<Operation>> OperationsAsync()
    {
        var document = JsonNode.Parse(await Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Token))!;
        return
        [
            .. from path in document["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               select new Operation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!, document),
        ];
    }

    public async Task<WholeAnswer> SendAsync(
        HttpMethod method, string path, string? key = null, string? json = null, HttpClient? gateway = null,
        bool asOperator = false)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.RelativeOrAbsolute));
        if (key is not null)
            request.Headers.Add("x-api-key", key);
        if (asOperator)
            request.Headers.Add("x-operator-key", OperatorKey);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return await SendAsync(request, gateway);
    }

    public async Task<WholeAnswer> SendAsync(HttpRequestMessage request, HttpClient? gateway = null)
    {
        using var answer = await (gateway ?? Http).SendAsync(request, Token);
        return new WholeAnswer(
            (int)answer.StatusCode, answer.Content.Headers.ContentType, answer.Headers.Contains("X-Request-Id"),
            await answer.Content.ReadAsStringAsync(Token));
    }

    private async Task<string> DatabaseAsync(string name, Type program)
    {
        var database = await TestDatabase.CreateAsync(
            name, connection => Migrations.UpgradeAsync(connection, program.Assembly, CancellationToken.None));
        _servers.Add(database);
        return database.ConnectionString;
    }

    private async Task<HttpClient> StartGatewayAsync(int port)
    {
        await StartAsync(Kobbopay.Gateway.Program.Build(Arguments("Gateway", port, database: null)));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            // Headers that are no ASCII are sent as well.
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        };
        return new HttpClient(handler) { BaseAddress = UrlOf(port) };
    }

    private async Task StartAsync(WebApplication app)
    {
        _apps.Add(app);
        await app.StartAsync(Token);
        await app.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, Token);
    }

    private Uri UrlOf(int port) => new($"http://127.0.0.1:{_ports[port]}");

    private string[] Arguments(string service, int port, string? database)
    {
        var name = service.ToLowerInvariant();
        return
        [
            $"--applicationName=Kobbopay.{service}",
            "--environment=Development",
            $"--urls={UrlOf(port)}",
            "--Logging:Console:LogLevel:Default=None",
            $"--ConnectionStrings:{ResourceNames.Messaging}={_broker}",
            $"--ConnectionStrings:{name}db={database}",
            $"--services:payments:http:0={UrlOf(0)}",
            $"--services:webhooks:http:0={UrlOf(1)}",
            $"--services:publicstatus:http:0={UrlOf(2)}",
            $"--PublicUrl={UrlOf(3)}",
            "--Secrets:CurrentKey=k1",
            $"--Secrets:Keys:k1={new string('k', 43)}",
            "--Egress:AllowedCidrs:0=127.0.0.0/8",
            $"--Operators:Keys:olga={HashOf(OperatorKey)}",
            "--Limits:LivePerSecond=100000", "--Limits:TestPerSecond=100000", "--Limits:PublicPerSecond=100000",
            "--Limits:PublicBurst=100000", "--Limits:AccessRequestsPerHour=100000", "--Limits:ClaimsPerMinute=100000",
            "--Limits:WrongKeysPerMinute=100000",
            .. Pairs.Select(pair => pair.Split(' ')).SelectMany(pair => KeysOf(name, pair[0], pair[1])),
        ];
    }

    private static IEnumerable<string> KeysOf(string service, string issuer, string audience)
    {
        var key = HashOf($"{issuer}-{audience}");
        if (service == issuer)
            yield return $"--Identity:Issue:{audience}={key}";
        if (service == audience)
            yield return $"--Identity:Accept:{issuer}:0={key}";
    }

    private static string HashOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

public sealed record WholeMerchant(Guid Id, string TestKey, string LiveKey);

public sealed record WholeAnswer(int Status, MediaTypeHeaderValue? Type, bool HasRequestId, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? Code => Type?.MediaType == "application/problem+json" ? (string?)Json["code"] : null;
}

/// <summary>An operation of the merged API description.</summary>
public sealed record Operation(string Method, string Path, JsonNode Node, JsonNode Document)
{
    public string Id => (string)Node["operationId"]!;

    public string? Scope => (string?)Node["x-kobbopay-scope"];

    public bool TestOnly => (string?)Node["x-kobbopay-environment"] == "test";

    /// <summary>The security scheme: <c>apiKey</c>, <c>operatorKey</c>, or null for a public one.</summary>
    public string? Scheme => Node["security"]?.AsArray().FirstOrDefault()?.AsObject().First().Key;

    public bool TakesBody => Node["requestBody"] is not null;

    /// <summary>Names in braces, in the path's order.</summary>
    public IReadOnlyList<string> PathParameters =>
        [.. Path.Split('/').Where(segment => segment.StartsWith('{')).Select(segment => segment[1..^1])];

    public override string ToString() => $"{Method} {Path}";
}
