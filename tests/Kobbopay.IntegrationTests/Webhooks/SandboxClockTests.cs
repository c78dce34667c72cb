using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>The sandbox's clock moves the retries of its merchant's test webhooks, and nobody else's.</summary>
public sealed class SandboxClockTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await WebhooksHouse.StartAsync(_clock);
        _receiver = await WebhookReceiver.StartAsync();
        _receiver.Default = WebhookAnswer.Of(500);
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_waiting_retry_is_due_when_the_clock_has_been_advanced_over_it()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        var message = await merchant.PublishAsync();
        await merchant.DeliveryAsync(message, HasMade(1));

        await AdvanceAsync(merchant, 3600);

        await merchant.DeliveryAsync(message, HasMade(2));
    }

    [Fact]
    public async Task A_move_counts_once_however_often_and_late_it_comes_and_only_for_its_merchants_test_deliveries()
    {
        var (own, other) = (_house.NewMerchant(), _house.NewMerchant());
        var live = new TestMerchant(_house, own.Identity with { Environment = MerchantEnvironments.Live });
        var waiting = new List<(TestMerchant Merchant, PaymentChanged Message, DateTimeOffset Due)>();
        foreach (var merchant in new[] { own, other, live })
        {
            // Live endpoints are https; nobody answers there, which is a failure as good as any.
            var url = merchant == live ? new Uri("https://127.0.0.1:9999/") : _receiver.Url;
            await merchant.EndpointAsync(url);
            var message = await merchant.PublishAsync();
            waiting.Add((merchant, message, Due(await merchant.DeliveryAsync(message, HasMade(1)))));
        }

        await AdvanceAsync(own, 1);
        await AdvanceAsync(own, 1);
        await AdvanceAsync(own, 2);
        await AdvanceAsync(own, 1);
        await Eventually.TrueAsync(async () => await _house.QueryAsync<bool>(
            "select exists (select from sandbox_clocks where offset_seconds = 2)"));

        await Eventually.TrueAsync(async () =>
            Due(await waiting[0].Merchant.DeliveryAsync(waiting[0].Message, HasMade(1)))
                == waiting[0].Due - TimeSpan.FromSeconds(2));
        foreach (var (merchant, message, due) in waiting.Skip(1))
            Due(await merchant.DeliveryAsync(message, HasMade(1))).Should().Be(due);
    }

    /// <param name="to">Seconds ahead.</param>
    private Task AdvanceAsync(TestMerchant merchant, long to) =>
        _house.Services.GetRequiredService<IBus>().Publish(
            new SandboxClockAdvanced(merchant.Identity.MerchantId, to), TestContext.Current.CancellationToken);

    private static Func<JsonElement, bool> HasMade(int attempts) => delivery =>
        delivery.GetProperty("attemptCount").GetInt32() == attempts
        && delivery.GetProperty("nextAttemptAt").ValueKind != JsonValueKind.Null;

    private static DateTimeOffset Due(JsonElement delivery) =>
        delivery.GetProperty("nextAttemptAt").GetDateTimeOffset();
}
