using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.PublicStatus;
using Kobbopay.ServiceDefaults;
using Kobbopay.Testing;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Service = Kobbopay.PublicStatus.Program;

namespace Kobbopay.IntegrationTests.PublicStatus;

/// <summary>
/// The service as it runs, over PostgreSQL and RabbitMQ, with a stand-in for Payments and a clock that tests move.
/// Shared by the tests of a class, which use tokens and merchants of their own.
/// </summary>
public sealed class RunningPublicStatus : IAsyncLifetime
{
    private const string IdentityKey = "a-key-of-tests-0123456789-0123456789-0123456789";

    private PaymentsStandIn? _payments;
    private TestDatabase? _database;
    private TestBroker? _broker;
    private WebApplication? _app;
    private HttpClient? _http;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 4, 10, 0, 0, TimeSpan.Zero));

    public HttpClient Http => _http!;

    public string ConnectionString => _database!.ConnectionString;

    internal PaymentsStandIn Payments => _payments!;

    public async ValueTask InitializeAsync()
    {
        _payments = new PaymentsStandIn(IdentityKey, Clock);
        await _payments.StartAsync();
        _database = await TestDatabase.CreateAsync(
            "publicstatus",
            connection => Migrations.UpgradeAsync(
                connection, typeof(Service).Assembly, TestContext.Current.CancellationToken));
        _broker = await TestBroker.CreateAsync();
        _app = await StartAsync();
        _http = NewClient(_app);
    }

    /// <summary>Another replica, over the same database, queue and clock.</summary>
    public async Task<PublicStatusReplica> StartReplicaAsync()
    {
        var app = await StartAsync();
        return new PublicStatusReplica(app, NewClient(app));
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
        if (_payments is not null)
            await _payments.DisposeAsync();
    }

    private async Task<WebApplication> StartAsync()
    {
        var app = Service.Build(
            [
                "--applicationName=Kobbopay.PublicStatus",
                "--urls=http://127.0.0.1:0",
                $"--ConnectionStrings:{ResourceNames.PublicStatusDatabase}={_database!.ConnectionString}",
                $"--ConnectionStrings:{ResourceNames.Messaging}={_broker!.Uri}",
                $"--services:{ResourceNames.Payments}:http:0={_payments!.Address}",
                $"--Identity:Issue:{ResourceNames.Payments}={IdentityKey}",
                "--Logging:LogLevel:Default=Warning",
                "--Logging:LogLevel:Microsoft.AspNetCore=Warning",
            ],
            Clock);
        await app.StartAsync();
        // The bus connects in the background, and an event published before its queue exists is the healer's, not ours.
        await app.Services.GetRequiredService<IBusControl>()
            .WaitForHealthStatus(BusHealthStatus.Healthy, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () =>
            (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(
                check => check.Name is nameof(ViewNotices))).Status is HealthStatus.Healthy);
        return app;
    }

    private static HttpClient NewClient(WebApplication app) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(app.Urls.First()),
            Timeout = TimeSpan.FromSeconds(20),
        };

    public Task PublishAsync(PaymentChanged change) => PublishAsync(new PaymentsChanged([change]));

    public Task PublishAsync<T>(T message)
        where T : class =>
        _app!.Services.GetRequiredService<IBus>().Publish(message, TestContext.Current.CancellationToken);

    public async Task<HttpResponseMessage> GetAsync(string path, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (ifNoneMatch is not null)
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(ifNoneMatch));
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> ReadAsync(string token, string? ifNoneMatch = null) =>
        GetAsync($"/v1/public/payments/{token}", ifNoneMatch);

    public async Task<JsonNode> ReadJsonAsync(string token)
    {
        using var response = await ReadAsync(token);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return JsonNode.Parse(text)!;
    }

    /// <summary>Version and progress of the row that replicas share, as <c>2.1</c>; null without a row.</summary>
    public async Task<string?> StoredVersionAsync(string token)
    {
        await using var database = NpgsqlDataSource.Create(ConnectionString);
        await using var command = database.CreateCommand(
            "select version || '.' || progress from public_payments where token = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = token });
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) as string;
    }

    /// <summary>A Pending view with a token of its own.</summary>
    public PublicPayment NewView() => new(
        $"pst_{Id.New(Clock):n}",
        Version: 1,
        Progress: 0,
        Environment: "test",
        Merchant: "Tea & Toast",
        Amount: "10.5",
        Currency: "USDT",
        Network: "example-network",
        NetworkName: "Example Network",
        Contract: null,
        Address: "ex1q0c3xk7w2m9v5t8r4p6n1l3j5h7g9f2d4s6a8",
        PaymentUri: "example:ex1q0c3xk7w2m9v5t8r4p6n1l3j5h7g9f2d4s6a8?amount=10.5",
        Status: "Pending",
        Outcome: "none",
        Late: false,
        Received: "0",
        Missing: "10.5",
        Confirmations: 0,
        Required: 3,
        Delayed: false,
        ExpiresAt: Clock.GetUtcNow().AddHours(1),
        ReturnUrl: "https://shop.example/thanks?order=1&x=<2>",
        Transfers: []);

    internal PaymentChanged EventOf(Guid merchant, long sequence, PublicPayment view) => new(
        Id.New(Clock), merchant, view.Environment, sequence, "payment.changed", Clock.GetUtcNow(),
        "{}"u8.ToArray(), new ChangedPayment(Id.New(Clock), view.Version, view, WebhookUrl: null), TraceParent: null);
}

/// <summary>One more process of the service.</summary>
public sealed class PublicStatusReplica(WebApplication app, HttpClient http) : IAsyncDisposable
{
    public HttpClient Http => http;

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return app.DisposeAsync();
    }
}
