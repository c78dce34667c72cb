using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using MassTransit;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Two gateways on a real broker, and Payments' half of the message.</summary>
public sealed class RevocationTests : GatewayHouse
{
    private TestBroker? _broker;
    private IBusControl? _bus;

    protected override async Task<string> BrokerAsync()
    {
        _broker ??= await TestBroker.CreateAsync();
        return _broker.Uri.ToString();
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(_broker!.Uri));
        await _bus.StartAsync(TestContext.Current.CancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await _bus!.StopAsync(CancellationToken.None);
        await base.DisposeAsync();
        await _broker!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_each_gateway_within_a_second()
    {
        var other = await StartGatewayAsync();
        using var first = NewClient(Url);
        using var second = NewClient(new Uri(other.Urls.Single()));
        await HealthyAsync(first);
        await HealthyAsync(second);
        (await StatusAsync(first)).Should().Be(200);
        (await StatusAsync(second)).Should().Be(200);

        Payments.Keys.TryRemove(ApiKey.Hash(Key), out _);
        var told = Stopwatch.GetTimestamp();
        await _bus!.Publish(new ApiKeyChanged(ApiKey.Hash(Key), 2), TestContext.Current.CancellationToken);

        foreach (var gateway in new[] { first, second })
            await Eventually.GetAsync(() => StatusAsync(gateway), status => status == 401);
        Stopwatch.GetElapsedTime(told).Should().BeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_changed_key_is_asked_for_again_at_once()
    {
        using var client = NewClient(Url);
        await HealthyAsync(client);
        await StatusAsync(client);

        var changed = KeyDescription with { Version = 2, Scopes = ["payments:read", "events:read"] };
        Payments.Keys[ApiKey.Hash(Key)] = changed;
        await _bus!.Publish(new ApiKeyChanged(ApiKey.Hash(Key), 2), TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(async () =>
        {
            await StatusAsync(client);
            return Payments.Received.Last().Merchant!.Scopes.SequenceEqual(changed.Scopes);
        });
    }

    private static async Task HealthyAsync(HttpClient gateway) => await Eventually.GetAsync(
        async () => JsonDocument.Parse((await SendByAsync(gateway, HttpMethod.Get, "/health", body: null)).Body)
            .RootElement.GetProperty("status").GetString(),
        status => status == "Healthy");

    private async Task<int> StatusAsync(HttpClient gateway) =>
        (await SendByAsync(gateway, HttpMethod.Get, "/v1/payments", body: null, ("x-api-key", Key))).Status;
}
