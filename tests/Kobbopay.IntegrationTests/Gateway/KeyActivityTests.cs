using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.LocalServers;
using Kobbopay.Testing;
using MassTransit;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>What Payments hears of keys, from a gateway whose broker is started and stopped.</summary>
public sealed class KeyActivityTests : GatewayHouse
{
    private readonly ConcurrentQueue<ApiKeyActivity> _told = new();
    private RabbitMqServer? _server;
    private IBusControl? _bus;

    protected override async Task<string> BrokerAsync()
    {
        _server ??= await RabbitMqServer.StartAsync(
            new RabbitMqSettings(Servers.NewFolder("rabbitmq")), TestContext.Current.CancellationToken);
        return _server.Uri.ToString();
    }

    public override async ValueTask DisposeAsync()
    {
        await _bus!.StopAsync(CancellationToken.None);
        await base.DisposeAsync();
        await _server!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Uses_and_misuses_are_told_within_seconds_after_an_outage_and_at_the_end()
    {
        await ListenAsync();
        await SendAsync("/v1/payments");
        await SendAsync("/v1/payments", ("Origin", "https://shop.example"));

        await Eventually.TrueAsync(() => Uses.Any() && Misuses.Any());
        Uses.Should().OnlyContain(use => use.KeyId == KeyDescription.KeyId);
        Misuses.Single().Should().BeEquivalentTo(new
        {
            KeyDescription.KeyId,
            KeyDescription.MerchantId,
            Environment = "test",
            Header = "Origin",
            Address = "127.0.0.1",
            Count = 1,
        });

        await _server!.StopAsync();
        _told.Clear();
        (await SendAsync("/v1/payments")).Status.Should().Be(200);
        (await SendPlainAsync(HttpMethod.Get, "/health", body: null)).Status.Should().Be(200);
        await _server.StartAgainAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => Uses.Any(), TimeSpan.FromSeconds(60));

        var last = await StartGatewayAsync();
        using var client = NewClient(new Uri(last.Urls.Single()));
        await Eventually.TrueAsync(async () =>
            (await SendByAsync(client, HttpMethod.Get, "/health", body: null)).Body.Contains("\"Healthy\",\"checks\""));
        _told.Clear();
        await SendByAsync(client, HttpMethod.Get, "/v1/payments", body: null, ("x-api-key", Key));
        await last.StopAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => Uses.Any(), TimeSpan.FromSeconds(3));
    }

    private IEnumerable<ApiKeyUse> Uses => _told.SelectMany(report => report.Uses);

    private IEnumerable<ApiKeyMisuse> Misuses => _told.SelectMany(report => report.Misuses);

    /// <summary>Payments' half.</summary>
    private async Task ListenAsync()
    {
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(_server!.Uri);
            rabbit.ReceiveEndpoint("payments-activity", endpoint => endpoint.Handler<ApiKeyActivity>(context =>
            {
                _told.Enqueue(context.Message);
                return Task.CompletedTask;
            }));
        });
        await _bus.StartAsync(TestContext.Current.CancellationToken);
    }
}
