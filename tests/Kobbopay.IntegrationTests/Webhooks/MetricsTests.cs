using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Webhooks;

public sealed class MetricsTests
{
    [Fact]
    public async Task Attempts_and_their_lag_are_counted_and_an_endpoint_that_is_behind_shows()
    {
        await using var house = await WebhooksHouse.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        using var readings = new Readings(house);
        var merchant = house.NewMerchant();
        var endpoint = (await merchant.EndpointAsync(receiver.Url)).Text("id");
        receiver.Answers(WebhookAnswer.Of(200), WebhookAnswer.Of(500));
        foreach (var status in new[] { "succeeded", "pending" })
        {
            var message = await merchant.PublishAsync();
            await merchant.DeliveryAsync(message, one => one.GetProperty("status").GetString() == status
                && one.GetProperty("attemptCount").GetInt32() == 1);
        }

        readings.Of("kobbopay.webhooks.attempts").Should().BeEquivalentTo(["test,none", "test,http_status"]);
        readings.Of("kobbopay.webhooks.deliveries").Should().BeEquivalentTo(["test,succeeded"]);
        readings.Value("kobbopay.webhooks.arrival", "test").Should().BeInRange(0, 30);
        readings.Value("kobbopay.webhooks.lag", "test").Should().BeInRange(0, 30);

        // Three that were due a minute ago and are under way elsewhere, as the first look of a new process finds them.
        await house.StopAsync();
        await house.QueryAsync<long>("""
            with more as (
              insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at, attempt, attempt_started_at)
              select gen_random_uuid(), q.endpoint_id, q.event_id, now() - interval '60 s', 1, now()
              from delivery_queue q, generate_series(1, 3) returning 1)
            select count(*) from more
            """);
        await house.StartAgainAsync();
        using var later = new Readings(house);

        await Eventually.TrueAsync(() => later.Value("kobbopay.webhooks.endpoint.backlog", "test", endpoint) == 3);
        later.Value("kobbopay.webhooks.waiting").Should().Be(4, "the retry waits too");
        later.Value("kobbopay.webhooks.endpoint.behind", "test", endpoint).Should().BeInRange(60, 120);
        later.Value("kobbopay.webhooks.endpoint.recency", "test", endpoint).Should().BeInRange(0, 60);
    }

    /// <summary>What this house's instruments say, by name and tags.</summary>
    private sealed class Readings : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<(string Name, string Tags), double> _last = new();

        public Readings(WebhooksHouse house)
        {
            var own = house.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == own)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((one, value, tags, _) => Note(one, value, tags));
            _listener.SetMeasurementEventCallback<int>((one, value, tags, _) => Note(one, value, tags));
            _listener.SetMeasurementEventCallback<double>((one, value, tags, _) => Note(one, value, tags));
            _listener.Start();
        }

        /// <summary>The tags of an instrument's series.</summary>
        public string[] Of(string name) => [.. _last.Keys.Where(key => key.Name == name).Select(key => key.Tags)];

        public double? Value(string name, params string[] tags)
        {
            _listener.RecordObservableInstruments();
            return _last.TryGetValue((name, string.Join(',', tags)), out var value) ? value : null;
        }

        public void Dispose() => _listener.Dispose();

        private void Note(Instrument one, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _last[(one.Name, string.Join(',', tags.ToArray().Select(tag => tag.Value)))] = value;
    }
}
