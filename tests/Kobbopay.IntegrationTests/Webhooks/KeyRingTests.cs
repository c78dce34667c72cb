using Kobbopay.Client;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>The change of the key that secrets are sealed with, as operators do it.</summary>
public sealed class KeyRingTests : IAsyncLifetime
{
    private static readonly string First = $"--Secrets:Keys:k1={new string('v', 43)}";
    private static readonly string Second = $"--Secrets:Keys:k2={new string('w', 43)}";

    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await WebhooksHouse.StartAsync();
        _receiver = await WebhookReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Every_row_comes_to_the_current_key_and_then_the_old_one_can_leave_the_ring()
    {
        var merchant = _house.NewMerchant();
        var created = await merchant.PostEndpointAsync(new
        {
            url = _receiver.Url,
            events = new[] { "*" },
            headers = new Dictionary<string, string> { ["X-Shop"] = "a" },
        });
        var next = await merchant.PostAsync($"{created.Location}/rotate-secret");
        // More than one batch of them.
        var others = await Task.WhenAll(Enumerable.Range(0, 120).Select(i =>
            _house.NewMerchant().EndpointAsync(new Uri($"https://shop{i}.example/"))));

        await RestartAsync("k2", First, Second);
        await Eventually.TrueAsync(() => _house.QueryAsync<bool>(
            """
            select bool_and(
              key_id = 'k2' and next_key_id is distinct from 'k1' and headers_key_id is distinct from 'k1')
            from webhook_secrets
            """));
        await RestartAsync("k2", Second);

        (await _house.QueryAsync<long>("select count(*) from webhook_secrets where key_id = 'k2'"))
            .Should().Be(others.Length + 1);
        var message = await merchant.PublishAsync();
        await merchant.DeliveryAsync(message, one => one.GetProperty("status").GetString() == "succeeded");
        var request = (await _receiver.ReceiveAsync(1))[0];
        request.Headers["X-Shop"].Should().Be("a");
        foreach (var secret in new[] { created.Text("secret"), next.Text("secret") })
        {
            WebhookSignature.Verify(
                name => request.Headers.GetValueOrDefault(name), request.Body, [secret],
                TimeProvider.System.GetUtcNow()).IsValid.Should().BeTrue();
        }

        (await HealthAsync("SecretKeys")).Should().Be("Healthy");
    }

    [Fact]
    public async Task Rows_whose_key_is_missing_are_kept_and_told_of_and_a_new_secret_needs_no_old_key()
    {
        var merchant = _house.NewMerchant();
        var created = await merchant.EndpointAsync(_receiver.Url);
        var before = await _house.QueryAsync<string>("select s::text from webhook_secrets s");

        await RestartAsync("k2", Second);

        await Eventually.TrueAsync(async () => await HealthAsync("SecretKeys") == "Degraded");
        var health = await _house.SendAsync(null, HttpMethod.Get, "/health", null);
        health.Body.GetRawText().Should().Contain("the ring does not open the secrets of 1 endpoints");
        (await _house.QueryAsync<string>("select s::text from webhook_secrets s")).Should().Be(before);
        var rotated = await merchant.PostAsync($"{created.Location}/rotate-secret", new { overlapSeconds = 0 });
        rotated.Status.Should().Be(200);
        await merchant.PublishAsync();
        WebhookSignature.Verify(
            name => _receiver.Requests[0].Headers.GetValueOrDefault(name), (await _receiver.ReceiveAsync(1))[0].Body,
            [rotated.Text("secret")], TimeProvider.System.GetUtcNow()).IsValid.Should().BeTrue();
    }

    private async Task RestartAsync(string current, params string[] keys)
    {
        await _house.StopAsync();
        _house.KeyRing = [$"--Secrets:CurrentKey={current}", .. keys];
        await _house.StartAgainAsync();
    }

    private async Task<string?> HealthAsync(string check)
    {
        var health = await _house.SendAsync(null, HttpMethod.Get, "/health", null);
        return health.Body.GetProperty("checks").GetProperty(check).GetProperty("status").GetString();
    }
}
