using System.Text.Json;
using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>What a merchant hears of an endpoint that fails (contracts.md, section 4).</summary>
public sealed class EndpointTroubleTests : IAsyncLifetime
{
    private PaymentsAndWebhooks _house = null!;
    private WebhookReceiver _failing = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await PaymentsAndWebhooks.StartAsync();
        _failing = await WebhookReceiver.StartAsync();
        _failing.Default = WebhookAnswer.Of(500);
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _failing.DisposeAsync();
    }

    [Fact]
    public async Task An_endpoint_that_fails_is_warned_of_once_at_half_time_and_then_disabled()
    {
        var failing = await _house.Merchant.EndpointAsync(_failing.Url);
        await _house.Merchant.EndpointAsync(_house.Receiver.Url);
        await FailAsync(1);

        await PretendAsync("2.4 days", failures: 9);
        await FailAsync(2);
        await PretendAsync("3 days", failures: 5);
        await FailAsync(3);
        await EventAsync("webhook_endpoint.failing");
        await FailAsync(4);
        await PretendAsync("4.9 days", failures: 50);
        await FailAsync(5);
        (await StatusAsync(failing)).Should().Be("enabled");
        await PretendAsync("5 days", failures: 12);
        await FailAsync(6);

        var disabled = await EventAsync("webhook_endpoint.disabled");
        disabled.GetProperty("object").GetString().Should().Be("webhook_endpoint");
        var data = disabled.GetProperty("data");
        data.GetProperty("reason").GetString().Should().Be("failing");
        data.GetProperty("webhookEndpoint").GetProperty("id").GetString().Should().Be(failing.Text("id"));
        (await StatusAsync(failing)).Should().Be("disabled");
        (await _house.Merchant.GetAsync(failing.Location!)).Text("disabledReason").Should().Be("failing");
        var feed = await _house.Payments.FeedAsync(_house.Payments.Merchant);
        feed.Types().Where(type => type.StartsWith("webhook_endpoint.", StringComparison.Ordinal))
            .Should().Equal("webhook_endpoint.failing", "webhook_endpoint.disabled");
        _failing.Requests.Select(one => one.Type).Should().OnlyContain(type => type == "payment.created");
        await Eventually.GetAsync(
            () => _house.Merchant.GetAsync($"/v1/webhook-deliveries?endpoint={failing.Text("id")}&status=pending"),
            page => page.Data.Length == 0);
    }

    [Fact]
    public async Task An_endpoint_that_answers_410_is_disabled_with_an_event_for_the_others()
    {
        var gone = await _house.Merchant.EndpointAsync(_failing.Url);
        await _house.Merchant.EndpointAsync(_house.Receiver.Url);
        _failing.Default = WebhookAnswer.Of(410);

        await _house.Payments.CreateAsync(_house.Payments.Merchant, 1);

        var data = (await EventAsync("webhook_endpoint.disabled")).GetProperty("data");
        data.GetProperty("reason").GetString().Should().Be("gone");
        (await StatusAsync(gone)).Should().Be("disabled");
    }

    [Fact]
    public async Task A_success_forgets_the_failures()
    {
        await _house.Merchant.EndpointAsync(_failing.Url);
        await FailAsync(1);
        await PretendAsync("4 days", failures: 100);
        _failing.Default = WebhookAnswer.Of(204);

        await _house.Payments.CreateAsync(_house.Payments.Merchant, 1);

        await Eventually.GetAsync(
            () => _house.Webhooks!.QueryAsync<bool>(
                "select failing_since is null and failures = 0 and last_success_at is not null from endpoint_state"),
            reset => reset);
    }

    /// <summary>One more payment, whose event the endpoint refuses; returns when that is recorded.</summary>
    private async Task FailAsync(int attempts)
    {
        await _house.Payments.CreateAsync(_house.Payments.Merchant, 1);
        await Eventually.GetAsync(
            () => _house.Webhooks!.QueryAsync<long>(
                "select count(*) from attempts where outcome = 'failed' and number = 1"),
            failed => failed >= attempts);
    }

    /// <summary>Lets the endpoint have failed for so long already.</summary>
    private Task<int> PretendAsync(string time, int failures) => _house.Webhooks!.QueryAsync<int>(
        $"""
        update endpoint_state set failing_since = now() - interval '{time}', failures = {failures}
        where failures > 0 returning 1
        """);

    private async Task<string> StatusAsync(Answer endpoint) =>
        (await _house.Merchant.GetAsync(endpoint.Location!)).Text("status");

    private async Task<JsonElement> EventAsync(string type) => (await Eventually.SeeAsync(
        () => _house.Receiver.Requests.SingleOrDefault(one => one.Type == type), one => one is not null))!.Json;
}
