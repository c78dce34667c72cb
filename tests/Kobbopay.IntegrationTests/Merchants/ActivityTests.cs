using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Merchants.ApiKeys;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Merchants;

/// <summary>What gateways tell of keys.</summary>
public sealed class ActivityTests : MerchantsHouse
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_last_use_is_the_latest_whatever_the_order_of_arrival()
    {
        var id = await KeyAsync();

        await TakeAsync(Activity() with { Uses = [new(id, Noon)] });
        await TakeAsync(Activity() with { Uses = [new(id, Noon.AddMinutes(-5)), new(Id.New(Noon), Noon)] });

        var key = (await Host.SendAsync(HttpMethod.Get, $"/v1/api-keys/{Id.Format(Id.ApiKey, id)}")).Json;
        ((string)key["lastUsedAt"]!).Should().Be("2026-01-01T12:00:00.000Z");
    }

    [Fact]
    public async Task A_key_in_a_browser_is_an_event_once_an_hour_and_an_audit_entry()
    {
        var id = await KeyAsync();
        var misuse = new ApiKeyMisuse(id, Host.Merchant.MerchantId, "test", "Origin", "192.0.2.7", Noon, 3);
        var activity = Activity() with { Misuses = [misuse] };

        await TakeAsync(activity);
        await TakeAsync(activity);
        await TakeAsync(Activity() with { Misuses = [misuse] });

        var seen = await Eventually.GetAsync(EventsAsync, events => events.Count > 0);
        var told = seen.Should().ContainSingle().Subject;
        (told["type"]!.ToString(), told["object"]!.ToString()).Should().Be(("api_key.misused", "api_key"));
        var data = told["data"]!.AsObject();
        data["apiKey"]!["id"]!.ToString().Should().Be(Id.Format(Id.ApiKey, id));
        (data["header"]!.ToString(), data["address"]!.ToString(), (int)data["count"]!)
            .Should().Be(("Origin", "192.0.2.7", 3));
        (await ActionsAsync()).Should().Equal("api_key.created", "api_key.misused");
    }

    [Fact]
    public async Task A_key_of_another_merchant_is_not_announced_to_this_one()
    {
        var stranger = await Host.AddMerchantAsync();

        await TakeAsync(Activity() with
        {
            Misuses = [new(await KeyAsync(), stranger.MerchantId, "test", "Origin", null, Noon, 1)],
        });

        (await Host.CountAsync("pending_events")).Should().Be(0);
        (await Host.CountAsync("events")).Should().Be(0);
    }

    [Fact]
    public async Task An_address_that_guesses_is_recorded()
    {
        await TakeAsync(Activity() with { Guessing = [new("192.0.2.66", 40, Noon)] });

        var entry = (await ReadAsync("/v1/operator/audit-log"))["data"]![0]!["entry"]!;
        (entry["action"]!.ToString(), entry["actor"]!.ToString(), entry["address"]!.ToString(),
            (int)entry["details"]!["refused"]!).Should().Be(("authentication.guessing", "system", "192.0.2.66", 40));
    }

    private static ApiKeyActivity Activity() => new(Id.New(TimeProvider.System), [], [], []);

    private Task TakeAsync(ApiKeyActivity activity) =>
        ActivatorUtilities.CreateInstance<TakeApiKeyActivity>(Host.Services)
            .TakeAsync(activity, TestContext.Current.CancellationToken);

    private async Task<Guid> KeyAsync()
    {
        var created = await Host.SendAsync(
            HttpMethod.Post, "/v1/api-keys", """{"label":"x","scopes":["payments:read"]}""");
        Id.TryParse(Id.ApiKey, (string)created.Json["id"]!, out var id).Should().BeTrue();
        return id;
    }

    private async Task<List<JsonNode>> EventsAsync() =>
    [
        .. (await Host.SendAsync(HttpMethod.Get, "/v1/events")).Json["data"]!.AsArray().Select(one => one!),
    ];
}
