using System.Net.Http.Json;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>
/// The Payments service on a port of its own, all its loops running, without a broker: payments must move all the same.
/// Requests carry the identity that the gateway would sign.
/// </summary>
public sealed class RunningPayments : IAsyncDisposable
{
    private const string Key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";

    private readonly TestDatabase _database;
    private readonly WebApplication _app;
    private readonly HttpClient _client;
    private readonly IdentityIssuer _gateway;

    private RunningPayments(TestDatabase database, WebApplication app)
    {
        _database = database;
        _app = app;
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(app.Urls.Single()),
        };
        var gateway = Host.CreateEmptyApplicationBuilder(new() { ApplicationName = "Kobbopay.Gateway" });
        gateway.Configuration[$"Identity:Issue:{ResourceNames.Payments}"] = Key;
        _gateway = new IdentityIssuer(
            new IdentityKeys(gateway.Configuration), gateway.Environment, TimeProvider.System);
    }

    public MerchantIdentity Merchant { get; private init; } = new(
        Guid.CreateVersion7(DateTimeOffset.UnixEpoch), MerchantEnvironments.Test, Guid.Empty, Scopes.All);

    /// <summary>What the merchant's key is called in timelines.</summary>
    public string Actor => Id.Format(Id.ApiKey, Merchant.KeyId);

    public NpgsqlDataSource Database => _app.Services.GetRequiredService<NpgsqlDataSource>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RunningPayments> StartAsync(params string[] settings)
    {
        var database = await RailWorld.NewDatabaseAsync();
        var service = new RunningPayments(database, await StartAppAsync(database, settings));
        await RailWorld.AddMerchantAsync(service.Database, service.Merchant.MerchantId, TimeSpan.FromMinutes(60));
        return service;
    }

    /// <summary>Another start of the same service with other settings; this one has ended.</summary>
    public async Task<RunningPayments> RestartAsync(params string[] settings)
    {
        _client.Dispose();
        await _app.DisposeAsync();
        return new RunningPayments(_database, await StartAppAsync(_database, settings)) { Merchant = Merchant };
    }

    private static async Task<WebApplication> StartAppAsync(TestDatabase database, string[] settings)
    {
        var app = Payments.Program.Build(
        [
            "--applicationName=Kobbopay.Payments",
            "--urls=http://127.0.0.1:0",
            $"--ConnectionStrings:{ResourceNames.PaymentsDatabase}={database.ConnectionString}",
            $"--ConnectionStrings:{ResourceNames.Messaging}=amqp://nobody@127.0.0.1:1",
            $"--Identity:Accept:{ResourceNames.Gateway}:0={Key}",
            "--PublicUrl=https://pay.example",
            "--Logging:Console:LogLevel:Default=None",
            .. settings,
        ]);
        await app.StartAsync(Token);
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>Another process of the service over the same database.</summary>
    public Task<WebApplication> StartReplicaAsync() => StartAppAsync(_database, []);

    /// <summary>The health endpoint's status and its words, which name what is not healthy.</summary>
    public async Task<string> HealthAsync()
    {
        using var response = await _client.GetAsync(new Uri("/health", UriKind.Relative), Token);
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Token)}";
    }

    public Task<Answer> PostAsync(string path, string? body = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, body, Merchant, idempotencyKey);

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, Merchant);

    /// <summary>An answer that is no JSON: its content headers and its text.</summary>
    public async Task<(string Headers, string Text)> GetTextAsync(string path, MerchantIdentity? merchant = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(IdentityToken.Header, _gateway.ForMerchant(ResourceNames.Payments, merchant ?? Merchant));
        using var response = await _client.SendAsync(request, Token);
        response.EnsureSuccessStatusCode();
        return (response.Content.Headers.ToString(), await response.Content.ReadAsStringAsync(Token));
    }

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? body, MerchantIdentity merchant, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add(IdentityToken.Header, _gateway.ForMerchant(ResourceNames.Payments, merchant));
        if (body is not null)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await _client.SendAsync(request, Token);
        return new Answer(
            (int)response.StatusCode,
            await response.Content.ReadFromJsonAsync<JsonElement>(Token),
            response.Headers.Contains("Idempotency-Replayed"));
    }

    /// <summary>A payment's id.</summary>
    public async Task<string> CreatePaymentAsync(string orderId, string amount = "10.5") =>
        (await CreatedAsync(orderId, amount)).GetProperty("payment_id").GetString()!;

    /// <summary>A payment as its creation answers it.</summary>
    public async Task<JsonElement> CreatedAsync(string orderId, string amount = "10.5")
    {
        var created = await PostAsync("/v1/payments", $$"""
            {"amount": {{amount}}, "currency": "USDT", "network": "example-network", "orderId": "{{orderId}}"}
            """);
        created.Status.Should().Be(201);
        return created.Body;
    }

    public Task<JsonElement> StatusAsync(string paymentId, string status) =>
        PaymentAsync(paymentId, payment => payment.GetProperty("status").GetString() == status);

    public Task<JsonElement> OutcomeAsync(string paymentId, string outcome) =>
        PaymentAsync(paymentId, payment => payment.GetProperty("outcome").GetString() == outcome);

    public Task<JsonElement> PaymentAsync(string paymentId, Func<JsonElement, bool> isSo) =>
        Eventually.GetAsync(async () => (await GetAsync($"/v1/payments/{paymentId}")).Body, isSo);

    /// <summary>Version, type and doer of each step, in order.</summary>
    public async Task<IReadOnlyList<string>> TimelineAsync(string paymentId)
    {
        await using var command = Database.CreateCommand(
            """
            select version || ' ' || type || ' by ' || coalesce(actor, 'nobody') || coalesce(': ' || reason, '')
            from payment_timeline where payment_id = $1 order by version
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = IdOf(paymentId) });
        await using var row = await command.ExecuteReaderAsync(Token);
        var steps = new List<string>();
        while (await row.ReadAsync(Token))
            steps.Add(row.GetString(0));
        return steps;
    }

    /// <summary>The payment's events in the feed, once there is one for each version.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync(string paymentId)
    {
        var version = (await GetAsync($"/v1/payments/{paymentId}")).Body.GetProperty("version").GetInt32();
        return await Eventually.GetAsync(
            async () => (await GetAsync("/v1/events?limit=100")).Body.GetProperty("data").EnumerateArray()
                .Where(e => e.GetProperty("payment_id").GetString() == paymentId).ToList(),
            events => events.Count == version);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    private static Guid IdOf(string paymentId)
    {
        Id.TryParse(Id.Payment, paymentId, out var id).Should().BeTrue();
        return id;
    }
}

public sealed record Answer(int Status, JsonElement Body, bool Replayed)
{
    public string Text(string field) => Body.GetProperty(field).GetString()!;

    /// <summary>Status, code, and the pointer of the first field, if any.</summary>
    public (int Status, string Code, string? Pointer) Problem => (
        Status,
        Text("code"),
        Body.TryGetProperty("errors", out var errors) ? errors[0].GetProperty("pointer").GetString() : null);
}
