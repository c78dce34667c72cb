using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class RedeliverTests : IAsyncLifetime
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
    public async Task An_exhausted_delivery_begins_its_schedule_anew_and_goes_on_counting()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(500);
        var message = await merchant.PublishAsync();
        for (var made = 1; made < 5; made++)
        {
            await merchant.DeliveryAsync(message, HasMade(made));
            Advance(TimeSpan.FromMinutes(12.1));
        }

        var ended = await merchant.DeliveryAsync(message, Is("exhausted"));
        Advance(TimeSpan.FromDays(1));
        var answer = await RedeliverAsync(merchant, ended);

        answer.Status.Should().Be(202);
        answer.Text("id").Should().Be(ended.GetProperty("id").GetString());
        answer.Text("status").Should().Be("pending");
        answer.Body.GetProperty("nextAttemptAt").GetDateTimeOffset()
            .Should().BeCloseTo(_clock.GetUtcNow(), TimeSpan.FromMilliseconds(1));
        answer.Body.GetProperty("finishedAt").ValueKind.Should().Be(JsonValueKind.Null);
        var waiting = await merchant.DeliveryAsync(message, HasMade(6));
        waiting.GetProperty("status").GetString().Should().Be("pending");
        waiting.GetProperty("nextAttemptAt").GetDateTimeOffset()
            .Should().BeCloseTo(_clock.GetUtcNow() + TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1.01));
        _receiver.Default = WebhookAnswer.Of(200);
        Advance(TimeSpan.FromSeconds(6.1));
        var done = await merchant.DeliveryAsync(message, Is("succeeded"));

        (await merchant.AttemptsAsync(done)).Select(one => one.GetProperty("number").GetInt32())
            .Should().Equal(7, 6, 5, 4, 3, 2, 1);
        _receiver.Requests.Should().HaveCount(7);
        _receiver.Requests.Should().OnlyContain(request => request.Body.SequenceEqual(message.Body));
        _receiver.Requests.Select(request => request.Headers["X-Kobbopay-Delivery-Id"]).Distinct()
            .Should().ContainSingle();
    }

    [Fact]
    public async Task A_second_round_ends_exhausted_like_the_first()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(500);
        var message = await merchant.PublishAsync();
        for (var made = 1; made <= 10; made++)
        {
            var delivery = await merchant.DeliveryAsync(message, HasMade(made));
            if (made == 5)
                (await RedeliverAsync(merchant, delivery)).Status.Should().Be(202);
            else
                Advance(TimeSpan.FromMinutes(12.1));
        }

        await merchant.DeliveryAsync(message, Is("exhausted"));
        (await _house.QueryAsync<long>("select count(*) from delivery_queue")).Should().Be(0);
    }

    [Fact]
    public async Task One_that_succeeded_is_sent_again_and_one_that_is_pending_stays_as_it_is()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        var message = await merchant.PublishAsync();
        var done = await merchant.DeliveryAsync(message, Is("succeeded"));
        _receiver.Default = WebhookAnswer.Of(500);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RedeliverAsync(merchant, done)));
        await merchant.DeliveryAsync(message, HasMade(2));
        var again = await RedeliverAsync(merchant, done);

        answers.Should().OnlyContain(answer => answer.Status == 202);
        answers.Should().OnlyContain(answer => answer.Text("status") == "pending");
        again.Status.Should().Be(202);
        again.Body.GetProperty("attemptCount").GetInt32().Should().Be(2);
        _receiver.Requests.Should().HaveCount(2);
        (await _house.QueryAsync<long>("select count(*) from delivery_queue")).Should().Be(1);
    }

    [Fact]
    public async Task A_key_that_was_used_sends_nothing_again()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        var message = await merchant.PublishAsync();
        var done = await merchant.DeliveryAsync(message, Is("succeeded"));

        var first = await RedeliverAsync(merchant, done, "once");
        await merchant.DeliveryAsync(message, one => Is("succeeded")(one) && HasMade(2)(one));
        var again = await RedeliverAsync(merchant, done, "once");

        (again.Status, again.Replayed).Should().Be((202, true));
        again.Body.GetRawText().Should().Be(first.Body.GetRawText());
        _receiver.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_payments_own_url_is_used_again()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        var own = new Uri(_receiver.Url, "/order/7").ToString();
        var message = await merchant.PublishAsync(merchant.Event(webhookUrl: own));
        var done = await merchant.DeliveryAsync(message, Is("succeeded"));

        (await RedeliverAsync(merchant, done)).Text("url").Should().Be(own);

        (await _receiver.ReceiveAsync(2)).Should().OnlyContain(request => request.Path == "/order/7");
    }

    [Fact]
    public async Task To_a_disabled_or_deleted_endpoint_nothing_is_sent_again()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        _receiver.Answers(WebhookAnswer.Of(410));
        var message = await merchant.PublishAsync();
        var ended = await merchant.DeliveryAsync(message, Is("exhausted"));
        await Eventually.GetAsync(
            () => merchant.GetAsync(endpoint.Location!), answer => answer.Text("status") == "disabled");

        var disabled = await RedeliverAsync(merchant, ended);
        (await merchant.DeleteAsync(endpoint.Location!)).Status.Should().Be(204);
        var deleted = await RedeliverAsync(merchant, ended);

        (disabled.Status, disabled.Text("code")).Should().Be((409, "endpoint_disabled"));
        (deleted.Status, deleted.Text("code")).Should().Be((409, "endpoint_disabled"));
        deleted.Text("detail").Should().Contain("deleted");
        (await merchant.DeliveryAsync(message, _ => true)).GetRawText().Should().Be(ended.GetRawText());
        _receiver.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Somebody_elses_delivery_is_not_there_and_the_scope_is_needed()
    {
        var merchant = _house.NewMerchant();
        await merchant.EndpointAsync(_receiver.Url);
        var message = await merchant.PublishAsync();
        var done = await merchant.DeliveryAsync(message, Is("succeeded"));
        var path = $"/v1/webhook-deliveries/{done.GetProperty("id").GetString()}/redeliver";

        foreach (var stranger in new[]
        {
            _house.NewMerchant(),
            merchant with { Identity = merchant.Identity with { Environment = "live" } },
        })
        {
            (await stranger.PostAsync(path)).Text("code").Should().Be("not_found");
        }

        var reader = merchant with { Identity = merchant.Identity with { Scopes = [Scopes.WebhooksRead] } };
        (await reader.PostAsync(path)).Text("code").Should().Be("insufficient_scope");
        (await _house.SendAsync(null, HttpMethod.Post, path, null)).Status.Should().Be(401);
        (await merchant.PostAsync("/v1/webhook-deliveries/dlv_x/redeliver")).Text("code").Should().Be("not_found");
        (await merchant.PostAsync(path, new { force = true })).Body.GetProperty("errors")[0].GetProperty("code")
            .GetString().Should().Be("unknown_field");
        (await merchant.DeliveryAsync(message, _ => true)).GetRawText().Should().Be(done.GetRawText());
        _receiver.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_result_that_comes_when_no_attempt_is_under_way_does_not_count()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(500);
        var message = await merchant.PublishAsync();
        var waiting = await merchant.DeliveryAsync(message, HasMade(1));

        await RecordAsync(Answered(endpoint, waiting, message, attempt: 1, status: 200));

        (await merchant.DeliveryAsync(message, _ => true)).GetRawText().Should().Be(waiting.GetRawText());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_result_that_comes_together_with_that_of_its_successor_does_not_count(bool lateComesLast)
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        _receiver.Default = WebhookAnswer.Of(500);
        var message = await merchant.PublishAsync();
        var waiting = await merchant.DeliveryAsync(message, HasMade(1));
        // The second attempt's lease has ended, it is recorded as lost, and the third is under way.
        (await _house.QueryAsync<long>("""
            with lost as (
              insert into attempts (delivery_id, number, id, started_at, outcome)
              select delivery_id, 2, new_id(due_at), due_at, 'outcome_unknown' from delivery_queue),
            claimed as (update delivery_queue set attempt = 3, attempt_started_at = due_at returning 1)
            select count(*) from claimed
            """)).Should().Be(1);
        var late = Answered(endpoint, waiting, message, attempt: 2, status: 500);
        var successor = Answered(endpoint, waiting, message, attempt: 3, status: 200);

        await RecordAsync(lateComesLast ? [successor, late] : [late, successor]);

        var done = await merchant.DeliveryAsync(message, _ => true);
        done.GetProperty("status").GetString().Should().Be("succeeded");
        (await merchant.AttemptsAsync(done)).Select(attempt => attempt.GetProperty("outcome").GetString())
            .Should().BeEquivalentTo("failed", "outcome_unknown", "succeeded");
        (await _house.QueryAsync<long>("select count(*) from delivery_queue")).Should().Be(0);
    }

    private Task RecordAsync(params DeliveryResult[] results) =>
        _house.Services.GetRequiredService<DeliveryResults>().RecordAsync(
            results, TestContext.Current.CancellationToken);

    /// <summary>The result of an attempt that another replica has made.</summary>
    private DeliveryResult Answered(
        Answer endpoint, JsonElement delivery, PaymentChanged message, int attempt, int status)
    {
        Id.TryParse(Id.Delivery, delivery.GetProperty("id").GetString(), out var deliveryId).Should().BeTrue();
        Id.TryParse(Id.WebhookEndpoint, endpoint.Text("id"), out var endpointId).Should().BeTrue();
        var target = new DeliveryTarget(
            endpointId, message.MerchantId, message.Environment, _receiver.Url.ToString(), BodySignature: true,
            RateLimit: null,
            new SealedEndpoint(new SealedSecret("k1", []), Next: null, OverlapUntil: null, Headers: null));
        var now = _clock.GetUtcNow();
        var claimed = new ClaimedDelivery(
            target, deliveryId, message.EventId, attempt, AttemptsBefore: 0, PaymentUrl: null, now, now, now,
            message.Body, TraceParent: null, OrderedPaymentId: null);
        var made = new Attempt(now, TimeSpan.Zero, status, status == 200 ? null : "http_status");
        return DeliveryResult.Of(claimed, made, now, draw: 0);
    }

    private static Task<Answer> RedeliverAsync(TestMerchant merchant, JsonElement delivery, string? key = null) =>
        merchant.PostAsync($"/v1/webhook-deliveries/{delivery.GetProperty("id").GetString()}/redeliver", null, key);

    private static Func<JsonElement, bool> HasMade(int attempts) => delivery =>
        delivery.GetProperty("attemptCount").GetInt32() == attempts;

    private static Func<JsonElement, bool> Is(string status) => delivery =>
        delivery.GetProperty("status").GetString() == status;

    private void Advance(TimeSpan time)
    {
        _clock.Advance(time);
        _house.WakeWorker();
    }
}
