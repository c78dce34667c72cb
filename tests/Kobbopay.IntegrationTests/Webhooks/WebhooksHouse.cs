using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.IntegrationTests.Faults;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Kobbopay.Webhooks.Deliveries;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>
/// The Webhooks service as it is, on a port of its own, over a real database and broker. It may be stopped and started
/// again over the same data.
/// </summary>
internal sealed class WebhooksHouse : IAsyncDisposable
{
    private static readonly string ToWebhooks = new('g', 43);
    private static readonly string PaymentsKey = new('p', 43);

    private readonly TestDatabase _database;
    private readonly TestBroker _broker;
    private readonly TimeProvider _clock;
    private readonly string[] _settings;
    private WebApplication? _app;

    private WebhooksHouse(TestDatabase database, TestBroker broker, TimeProvider clock, string[] settings)
    {
        (_database, _broker, _clock, _settings) = (database, broker, clock, settings);
        Sql = NpgsqlDataSource.Create(database.ConnectionString);
    }

    public NpgsqlDataSource Sql { get; }

    /// <summary>What endpoints' secrets are sealed with; another one counts from the next start.</summary>
    public string[] KeyRing { get; set; } = ["--Secrets:CurrentKey=k1", $"--Secrets:Keys:k1={Backlog.VaultKey}"];

    public IServiceProvider Services => _app!.Services;

    /// <param name="clock">The system's unless given.</param>
    /// <param name="settings">More command-line arguments; without any, loopback receivers are allowed.</param>
    public static async Task<WebhooksHouse> StartAsync(TimeProvider? clock = null, params string[] settings)
    {
        var database = await TestDatabase.CreateAsync("webhooks", connectionString => Migrations.UpgradeAsync(
            connectionString, typeof(Kobbopay.Webhooks.Program).Assembly, TestContext.Current.CancellationToken));
        var house = new WebhooksHouse(
            database, await TestBroker.CreateAsync(), clock ?? TimeProvider.System,
            settings.Length > 0 ? settings : ["--Egress:AllowedCidrs:0=127.0.0.0/8"]);
        await house.StartAgainAsync();
        return house;
    }

    public async Task StartAgainAsync()
    {
        _app = Kobbopay.Webhooks.Program.Build(
        [
            "--applicationName=Kobbopay.Webhooks",
            "--environment=Development",
            "--urls=http://127.0.0.1:0",
            "--Logging:Console:LogLevel:Default=None",
            $"--ConnectionStrings:{ResourceNames.WebhooksDatabase}={_database.ConnectionString}",
            $"--ConnectionStrings:{ResourceNames.Messaging}={_broker.Uri}",
            $"--Identity:Accept:{ResourceNames.Gateway}:0={ToWebhooks}",
            $"--Identity:Accept:{ResourceNames.Payments}:0={PaymentsKey}",
            $"--Identity:Issue:{ResourceNames.Payments}={ToWebhooks}",
            .. KeyRing,
            .. _settings,
        ], _clock);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        // The bus connects in the background, and an event published before its queue exists is the healer's, not ours.
        await _app.Services.GetRequiredService<IBusControl>()
            .WaitForHealthStatus(BusHealthStatus.Healthy, TestContext.Current.CancellationToken);
    }

    public async Task StopAsync()
    {
        await _app!.StopAsync(TestContext.Current.CancellationToken);
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        await Sql.DisposeAsync();
        await _database.DisposeAsync();
        await _broker.DisposeAsync();
    }

    /// <summary>A merchant as the gateway would present it.</summary>
    public TestMerchant NewMerchant(string environment = "test", params string[] scopes) =>
        new(this, new MerchantIdentity(
            Id.New(TimeProvider.System),
            environment,
            Id.New(TimeProvider.System),
            scopes.Length > 0 ? scopes : Scopes.All));

    /// <summary>Puts the events on the bus, as Payments does: in one message.</summary>
    public Task PublishAsync(params PaymentChanged[] events) =>
        Services.GetRequiredService<IBus>().Publish(
            new PaymentsChanged(events), TestContext.Current.CancellationToken);

    /// <summary>Wakes the worker: after the fake clock has moved, its next look would come a second later.</summary>
    public void WakeWorker() => Services.GetRequiredService<Signal<DeliveryWorker>>().Set();

    public async Task<T> QueryAsync<T>(string sql)
    {
#pragma warning disable CA2100 // Statements of tests.
        await using var command = Sql.CreateCommand(sql);
#pragma warning restore CA2100
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <param name="key">The idempotency key.</param>
    public Task<Answer> SendAsync(
        MerchantIdentity? merchant,
        HttpMethod method,
        string target,
        HttpContent? body,
        string? key = null,
        CancellationToken? cancellation = null) =>
        SendAsync(
            method,
            target,
            body,
            headers =>
            {
                if (merchant is not null)
                    headers.Add(IdentityToken.Header, Gateway().ForMerchant(ResourceNames.Webhooks, merchant));
                if (key is not null)
                    headers.Add("Idempotency-Key", key);
            },
            cancellation ?? TestContext.Current.CancellationToken);

    /// <summary>A call as Payments makes it.</summary>
    public Task<Answer> PutAsPaymentsAsync(string target, object body) => SendAsync(
        HttpMethod.Put, target, JsonContent.Create(body),
        headers => Issuer("Kobbopay.Payments", PaymentsKey).SignCall(ResourceNames.Webhooks, headers),
        TestContext.Current.CancellationToken);

    private async Task<Answer> SendAsync(
        HttpMethod method, string target, HttpContent? body, Action<HttpRequestHeaders> identify,
        CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(_app!.Urls.Single()),
        };
        using var request = new HttpRequestMessage(method, target) { Content = body };
        identify(request.Headers);
        using var response = await client.SendAsync(request, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        return new Answer(
            (int)response.StatusCode,
            text.Length == 0 ? default : JsonElement.Parse(text),
            response.Headers.Location?.ToString(),
            response.Headers.Contains("Idempotency-Replayed"));
    }

    private IdentityIssuer Gateway() => Issuer("Kobbopay.Gateway", ToWebhooks);

    private IdentityIssuer Issuer(string service, string key) => new(
        new IdentityKeys(new ConfigurationBuilder().AddInMemoryCollection(
            [new($"Identity:Issue:{ResourceNames.Webhooks}", key)]).Build()),
        Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = service })
            .Environment,
        _clock);
}

internal sealed record Answer(int Status, JsonElement Body, string? Location, bool Replayed)
{
    public string Text(string field) => Body.GetProperty(field).GetString()!;

    public JsonElement[] Data => [.. Body.GetProperty("data").EnumerateArray()];
}

internal sealed record TestMerchant(WebhooksHouse House, MerchantIdentity Identity)
{
    private int _sequence;

    public Task<Answer> GetAsync(string target) => House.SendAsync(Identity, HttpMethod.Get, target, null);

    public Task<Answer> DeleteAsync(string target) => House.SendAsync(Identity, HttpMethod.Delete, target, null);

    public Task<Answer> PostAsync(string target, object? body = null, string? key = null) =>
        House.SendAsync(Identity, HttpMethod.Post, target, body is null ? null : JsonContent.Create(body), key);

    /// <summary>A POST without a body.</summary>
    public Task<Answer> PostAsync(string target) => House.SendAsync(Identity, HttpMethod.Post, target, null);

    public Task<Answer> PatchAsync(string target, object body) =>
        House.SendAsync(Identity, HttpMethod.Patch, target, JsonContent.Create(body));

    public Task<Answer> PostEndpointAsync(object body) => PostAsync("/v1/webhook-endpoints", body);

    /// <summary>An endpoint for everything at this URL.</summary>
    public async Task<Answer> EndpointAsync(Uri url, string ordering = "none")
    {
        var answer = await PostEndpointAsync(new { url, events = new[] { "*" }, ordering });
        answer.Status.Should().Be(201, answer.Body.ToString());
        return answer;
    }

    /// <summary>This merchant's next event.</summary>
    public PaymentChanged Event(
        string type = "payment.paid", Guid? payment = null, int version = 1, string? webhookUrl = null,
        string? traceParent = null) =>
        SampleEvents.Make(
            Identity, Interlocked.Increment(ref _sequence), type, payment, version, webhookUrl, traceParent);

    public async Task<PaymentChanged> PublishAsync(PaymentChanged? message = null)
    {
        message ??= Event();
        await House.PublishAsync(message);
        return message;
    }

    /// <summary>The one delivery of an event, once it satisfies the condition.</summary>
    public async Task<JsonElement> DeliveryAsync(PaymentChanged message, Func<JsonElement, bool> condition)
    {
        var page = await Eventually.GetAsync(
            () => GetAsync($"/v1/webhook-deliveries?event={Id.Format(Id.Event, message.EventId)}"),
            answer => answer.Data is [var one] && condition(one));
        return page.Data[0];
    }

    public async Task<JsonElement[]> AttemptsAsync(JsonElement delivery) =>
        (await GetAsync($"/v1/webhook-deliveries/{delivery.GetProperty("id").GetString()}/attempts")).Data;
}
