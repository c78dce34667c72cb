using System.Text.Json;
using Kobbopay.Durability;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Retries, time-outs and leases, under a clock that moves only when told.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await WebhooksHouse.StartAsync(_clock);
        _receiver = await WebhookReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_failed_delivery_is_tried_again_when_its_time_has_come()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Answers(WebhookAnswer.Of(500) with { Body = "not now" }, WebhookAnswer.Of(200));

        var message = await merchant.PublishAsync();

        var waiting = await merchant.DeliveryAsync(message, HasMade(1));
        Due(waiting).Should().BeCloseTo(_clock.GetUtcNow() + TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1.01));
        waiting.GetProperty("status").GetString().Should().Be("pending");
        Advance(TimeSpan.FromSeconds(6.1));
        var requests = await _receiver.ReceiveAsync(2);
        var done = await merchant.DeliveryAsync(message, HasMade(2));

        done.GetProperty("status").GetString().Should().Be("succeeded");
        done.GetProperty("nextAttemptAt").ValueKind.Should().Be(JsonValueKind.Null);
        requests[1].Body.Should().Equal(requests[0].Body);
        requests[1].Headers["X-Kobbopay-Delivery-Id"].Should().Be(requests[0].Headers["X-Kobbopay-Delivery-Id"]);
        requests[1].Headers["X-Kobbopay-Timestamp"].Should().NotBe(requests[0].Headers["X-Kobbopay-Timestamp"]);
        var attempts = await merchant.AttemptsAsync(done);
        attempts.Select(Summary).Should().Equal("2 succeeded 200 ", "1 failed 500 http_status");
        attempts[1].GetProperty("responseBody").GetString().Should().Be("not now");
    }

    [Fact]
    public async Task After_the_last_attempt_a_delivery_is_exhausted_and_keeps_all_of_them()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Closed;
        var message = await merchant.PublishAsync();

        for (var made = 1; made < 5; made++)
        {
            await merchant.DeliveryAsync(message, HasMade(made));
            Advance(TimeSpan.FromMinutes(12.1));
        }

        var ended = await merchant.DeliveryAsync(message, HasMade(5));
        ended.GetProperty("status").GetString().Should().Be("exhausted");
        (await merchant.AttemptsAsync(ended)).Select(one => one.GetProperty("outcome").GetString())
            .Should().Equal(Enumerable.Repeat("failed", 5));
        (await _house.QueryAsync<long>("select count(*) from delivery_queue")).Should().Be(0);
    }

    [Fact]
    public async Task An_answer_may_ask_for_more_time_within_limits()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Answers(
            WebhookAnswer.Of(503).With("Retry-After", "7"), WebhookAnswer.Of(429).With("Retry-After", "1"));
        var message = await merchant.PublishAsync();

        var asked = await merchant.DeliveryAsync(message, HasMade(1));
        Due(asked).Should().BeCloseTo(_clock.GetUtcNow() + TimeSpan.FromSeconds(7), TimeSpan.FromMilliseconds(1));
        Advance(TimeSpan.FromSeconds(7.1));
        var overloaded = await merchant.DeliveryAsync(message, HasMade(2));
        Due(overloaded).Should().BeCloseTo(_clock.GetUtcNow() + TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task An_endpoint_that_does_not_answer_in_15_seconds_has_failed_and_is_left_alone_for_a_minute()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(200).After(TimeSpan.FromMinutes(10));
        var message = await merchant.PublishAsync();
        await _receiver.ReceiveAsync(1);

        Advance(TimeSpan.FromSeconds(15));

        var failed = await merchant.DeliveryAsync(message, HasMade(1));
        Due(failed).Should().BeCloseTo(_clock.GetUtcNow() + TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(1));
        Summary((await merchant.AttemptsAsync(failed))[0]).Should().Be("1 failed  timeout");
    }

    [Fact]
    public async Task A_410_disables_the_endpoint_and_skips_what_waits_and_what_comes()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        _receiver.Answers(WebhookAnswer.Of(500), WebhookAnswer.Of(410));
        var waiting = await merchant.PublishAsync();
        await merchant.DeliveryAsync(waiting, HasMade(1));

        var refused = await merchant.PublishAsync();

        await merchant.DeliveryAsync(refused, Is("exhausted"));
        await merchant.DeliveryAsync(waiting, Is("skipped"));
        var disabled = await merchant.GetAsync(endpoint.Location!);
        disabled.Text("status").Should().Be("disabled");
        disabled.Text("disabledReason").Should().Be("gone");
        var later = await merchant.PublishAsync();
        await merchant.DeliveryAsync(later, Is("skipped"));
        _receiver.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task Deleting_an_endpoint_skips_what_waits_and_keeps_its_record()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(500);
        var message = await merchant.PublishAsync();
        await merchant.DeliveryAsync(message, HasMade(1));

        (await merchant.DeleteAsync(endpoint.Location!)).Status.Should().Be(204);

        var kept = await merchant.DeliveryAsync(message, Is("skipped"));
        (await merchant.AttemptsAsync(kept)).Should().ContainSingle();
        kept.GetProperty("url").GetString().Should().Be(_receiver.Url.ToString());
    }

    [Fact]
    public async Task An_attempt_whose_sender_died_is_recorded_and_the_next_one_made_when_the_lease_ends()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Answers(WebhookAnswer.Of(500), WebhookAnswer.Of(200));
        var message = await merchant.PublishAsync();
        await merchant.DeliveryAsync(message, HasMade(1));
        await ClaimAndDieAsync(attempt: 2);

        Advance(TimeSpan.FromSeconds(31));

        var done = await merchant.DeliveryAsync(message, Is("succeeded"));
        (await merchant.AttemptsAsync(done)).Select(Summary)
            .Should().Equal("3 succeeded 200 ", "2 outcome_unknown  ", "1 failed 500 http_status");
        _receiver.Requests.Should().HaveCount(2);
        (await _house.QueryAsync<long>("select count(*) from deliveries")).Should().Be(1);
    }

    [Fact]
    public async Task When_the_sender_of_the_last_attempt_died_there_is_no_further_one()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(500);
        var message = await merchant.PublishAsync();
        await merchant.DeliveryAsync(message, HasMade(1));
        await ClaimAndDieAsync(attempt: 5);

        Advance(TimeSpan.FromSeconds(31));

        var ended = await merchant.DeliveryAsync(message, Is("exhausted"));
        (await merchant.AttemptsAsync(ended)).Select(Summary)
            .Should().Equal("5 outcome_unknown  ", "1 failed 500 http_status");
        _receiver.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task An_ordered_endpoint_gets_a_payments_events_one_after_the_other()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url, "per_payment");
        var handler = _house.Services.GetRequiredService<IPaymentChangedHandler>();
        var first = merchant.Event("payment.created");
        var second = merchant.Event("payment.paid", first.Payment!.Id, version: 2);
        _receiver.Answers(WebhookAnswer.Of(500));

        await handler.HandleAsync([second], TestContext.Current.CancellationToken);
        await handler.HandleAsync([first], TestContext.Current.CancellationToken);
        await merchant.DeliveryAsync(first, HasMade(1));
        Advance(TimeSpan.FromSeconds(6.1));

        await merchant.DeliveryAsync(second, Is("succeeded"));
        _receiver.Requests.Select(request => request.Type)
            .Should().Equal("payment.created", "payment.created", "payment.paid");
    }

    [Fact]
    public async Task An_event_that_is_about_no_payment_does_not_wait_at_an_ordered_endpoint()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url, "per_payment");

        var message = await merchant.PublishAsync(merchant.Event("api_key.misused") with { Payment = null });

        await merchant.DeliveryAsync(message, Is("succeeded"));
    }

    [Fact]
    public async Task A_stop_and_a_start_go_on_where_they_were()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Answers(WebhookAnswer.Of(500));
        var message = await merchant.PublishAsync();
        await merchant.DeliveryAsync(message, HasMade(1));

        await _house.StopAsync();
        _clock.Advance(TimeSpan.FromSeconds(10));
        await _house.StartAgainAsync();

        await merchant.DeliveryAsync(message, Is("succeeded"));
        _receiver.Requests.Should().HaveCount(2);
    }

    private static Func<JsonElement, bool> HasMade(int attempts) => delivery =>
        delivery.GetProperty("attemptCount").GetInt32() == attempts;

    private static Func<JsonElement, bool> Is(string status) => delivery =>
        delivery.GetProperty("status").GetString() == status;

    private static DateTimeOffset Due(JsonElement delivery) =>
        delivery.GetProperty("nextAttemptAt").GetDateTimeOffset();

    private static string Summary(JsonElement attempt) =>
        $"{attempt.GetProperty("number")} {attempt.GetProperty("outcome")} "
        + $"{attempt.GetProperty("statusCode")} {attempt.GetProperty("errorKind")}";

    /// <summary>What a claim leaves behind when the process is killed before it can send.</summary>
    private async Task ClaimAndDieAsync(int attempt)
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        await using var command = _house.Sql.CreateCommand(
            "update delivery_queue set attempt = $1, attempt_started_at = $2");
        command.Parameters.Add(new() { Value = attempt });
        command.Parameters.Add(new() { Value = _clock.GetUtcNow() });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private void Advance(TimeSpan time)
    {
        _clock.Advance(time);
        _house.WakeWorker();
    }
}
