using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Testing;
using Kobbopay.Webhooks.Deliveries;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Recovery of what failed, and of what was never sent.</summary>
public sealed class ReplayTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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
    public async Task Recovery_sends_what_failed_since_a_time_and_nothing_else_and_twice_is_once()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        await using var other = await WebhookReceiver.StartAsync();
        var elsewhere = await merchant.EndpointAsync(other.Url);
        var recent = Now - TimeSpan.FromHours(1);
        await Replaying.SeedAsync(merchant, endpoint, "exhausted", 3, recent);
        await Replaying.SeedAsync(merchant, endpoint, "skipped", 2, recent);
        await Replaying.SeedAsync(merchant, endpoint, "succeeded", 4, recent);
        await Replaying.SeedAsync(merchant, endpoint, "exhausted", 5, recent - TimeSpan.FromHours(1));
        await Replaying.SeedAsync(merchant, elsewhere, "exhausted", 6, recent);

        var started = await Replaying.RecoverAsync(merchant, endpoint, recent);
        var done = await Replaying.DoneAsync(merchant, started);
        var again = await Replaying.DoneAsync(merchant, await Replaying.RecoverAsync(merchant, endpoint, recent));

        started.Status.Should().Be(202);
        started.Location.Should().Be($"{endpoint.Location}/replays/{started.Text("id")}");
        started.Text("id").Should().StartWith("rpl_");
        started.Text("kind").Should().Be("recover");
        started.Text("endpointId").Should().Be(endpoint.Text("id"));
        done.Text("status").Should().Be("completed");
        done.Body.GetProperty("queued").GetInt64().Should().Be(5);
        done.Body.GetProperty("finishedAt").ValueKind.Should().Be(JsonValueKind.String);
        again.Text("id").Should().NotBe(started.Text("id"));
        again.Body.GetProperty("queued").GetInt64().Should().Be(0);
        await QueueIsEmptyAsync();
        _receiver.Requests.Should().HaveCount(5);
        other.Requests.Should().BeEmpty();
        (await _house.QueryAsync<string>(
            "select string_agg(status || n, ' ' order by status) from ("
            + "select status, count(*) as n from deliveries group by status) counts"))
            .Should().Be("exhausted11 succeeded9");
    }

    [Fact]
    public async Task A_long_recovery_survives_stops_and_lost_connections_and_two_workers_double_nothing()
    {
        const int Many = 4_500;
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        await StopReplaysAsync();
        await Replaying.SeedAsync(merchant, endpoint, "skipped", Many, Now - TimeSpan.FromHours(1));
        var since = Now - TimeSpan.FromHours(2);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Replaying.RecoverAsync(merchant, endpoint, since)));
        answers.Select(answer => answer.Text("id")).Distinct().Should().ContainSingle();
        answers[0].Text("status").Should().Be("running");
        await _house.StopAsync();
        await _house.StartAgainAsync();
        using (var second = ActivatorUtilities.CreateInstance<ReplayWorker>(_house.Services))
        {
            await second.StartAsync(Token);
            for (var i = 0; i < 10; i++)
            {
                // What a kill leaves behind: transactions that never ended.
                await _house.QueryAsync<long>(
                    """
                    select count(pg_terminate_backend(pid)) from pg_stat_activity
                    where query ilike '%replays%' and state <> 'idle' and pid <> pg_backend_pid()
                      and datname = current_database()
                    """);
            }

            var done = await Replaying.DoneAsync(merchant, answers[0]);
            done.Body.GetProperty("queued").GetInt64().Should().Be(Many);
            await second.StopAsync(Token);
        }

        await Eventually.TrueAsync(
            () => _house.QueryAsync<bool>($"select count(*) = {Many} from deliveries where status = 'succeeded'"),
            TimeSpan.FromMinutes(2));
        _receiver.Requests.Select(request => request.Headers["X-Kobbopay-Event-Id"]).Distinct()
            .Should().HaveCount(Many);
        (await _house.QueryAsync<long>("select count(*) from attempts where number = 1")).Should().Be(Many);
        (await _house.QueryAsync<long>("select count(*) from attempts where number > 1")).Should().Be(0);
    }

    [Fact]
    public async Task Missing_events_are_those_that_match_and_have_no_delivery_to_this_endpoint()
    {
        var merchant = _house.NewMerchant();
        var stranger = _house.NewMerchant();
        await using var first = await WebhookReceiver.StartAsync();
        var old = await merchant.EndpointAsync(first.Url);
        await stranger.EndpointAsync(first.Url);
        var payment = Id.New(TimeProvider.System);
        PaymentChanged[] wanted =
            [merchant.Event("payment.created", payment), merchant.Event("payment.paid", payment, version: 2)];
        foreach (var message in wanted.Append(merchant.Event("api_key.misused")).Append(stranger.Event()))
            await _house.PublishAsync(message);
        await first.ReceiveAsync(4);
        (await merchant.PostAsync($"{old.Location}/test")).Status.Should().Be(202);
        await first.ReceiveAsync(5);
        await Replaying.SeedAsync(merchant, old, "succeeded", 2, Now - TimeSpan.FromDays(2));

        var endpoint = await merchant.PostEndpointAsync(
            new { url = _receiver.Url, events = new[] { "payment.*" }, ordering = "per_payment" });
        var started = await Replaying.ReplayMissingAsync(merchant, endpoint, Now - TimeSpan.FromDays(1));
        var done = await Replaying.DoneAsync(merchant, started);
        var again = await Replaying.DoneAsync(
            merchant, await Replaying.ReplayMissingAsync(merchant, endpoint, Now - TimeSpan.FromDays(1)));

        started.Text("kind").Should().Be("replay_missing");
        done.Body.GetProperty("queued").GetInt64().Should().Be(2);
        again.Body.GetProperty("queued").GetInt64().Should().Be(0);
        var received = await _receiver.ReceiveAsync(2);
        received.Select(request => request.EventId)
            .Should().Equal(wanted.Select(message => Id.Format(Id.Event, message.EventId)));
        received[0].Body.Should().Equal(wanted[0].Body);
        await QueueIsEmptyAsync();
        _receiver.Requests.Should().HaveCount(2);
        first.Requests.Should().HaveCount(5);
    }

    [Fact]
    public async Task An_event_that_was_kept_from_an_endpoint_is_not_missing_there()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        Id.TryParse(Id.WebhookEndpoint, endpoint.Text("id"), out var id).Should().BeTrue();
        await _house.PublishAsync(merchant.Event("webhook_endpoint.failing") with { ExceptEndpointId = id });
        await Eventually.TrueAsync(() => _house.QueryAsync<bool>("select count(*) = 1 from webhook_events"));

        var done = await Replaying.DoneAsync(
            merchant, await Replaying.ReplayMissingAsync(merchant, endpoint, Now - TimeSpan.FromDays(1)));

        done.Body.GetProperty("queued").GetInt64().Should().Be(0);
        _receiver.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Events_that_come_during_a_replay_go_once()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        var handler = _house.Services.GetRequiredService<IPaymentChangedHandler>();
        var events = Enumerable.Range(0, 200).Select(_ => merchant.Event()).ToArray();

        var coming = Task.Run(
            async () =>
            {
                foreach (var message in events)
                    await handler.HandleAsync([message], Token);
            },
            Token);
        while (!coming.IsCompleted)
        {
            var done = await Replaying.DoneAsync(
                merchant, await Replaying.ReplayMissingAsync(merchant, endpoint, Now - TimeSpan.FromHours(1)));
            done.Body.GetProperty("queued").GetInt64().Should().Be(0);
        }

        await coming;
        await QueueIsEmptyAsync();
        _receiver.Requests.Select(request => request.EventId)
            .Should().BeEquivalentTo(events.Select(message => Id.Format(Id.Event, message.EventId)));
    }

    [Fact]
    public async Task A_replay_ends_when_its_endpoint_is_disabled_and_none_begins()
    {
        var merchant = _house.NewMerchant();
        var endpoint = await merchant.EndpointAsync(_receiver.Url);
        await Replaying.SeedAsync(merchant, endpoint, "exhausted", 3, Now - TimeSpan.FromHours(1));
        await StopReplaysAsync();
        var started = await Replaying.RecoverAsync(merchant, endpoint, Now - TimeSpan.FromHours(2));
        await _house.QueryAsync<long>(
            """
            with gone as (
              update webhook_endpoints set status = 'disabled', disabled_reason = 'gone', disabled_at = now()
              returning id)
            select count(*) from gone
            """);

        await _house.Services.GetRequiredService<ReplayWorker>().StartAsync(Token);

        (await Replaying.DoneAsync(merchant, started)).Text("status").Should().Be("canceled");
        var refused = await Replaying.RecoverAsync(merchant, endpoint, Now - TimeSpan.FromHours(2));
        (refused.Status, refused.Text("code")).Should().Be((409, "endpoint_disabled"));
        (await merchant.GetAsync("/v1/webhook-deliveries?status=exhausted")).Data.Should().HaveCount(3);
    }

    private Task QueueIsEmptyAsync() =>
        Eventually.TrueAsync(() => _house.QueryAsync<bool>("select not exists (select from delivery_queue)"));

    private Task StopReplaysAsync() => _house.Services.GetRequiredService<ReplayWorker>().StopAsync(Token);
}
