using System.Diagnostics.Metrics;
using Kobbopay.Contracts;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>What operators watch; no ids and no host names, so the number of series stays small.</summary>
public sealed class DeliveryMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly TimeProvider _clock;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _arrival;
    private readonly Histogram<double> _lag;

    public DeliveryMetrics(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        _meter = meters.Create("Kobbopay.Webhooks");
        _attempts = _meter.CreateCounter<long>(
            "kobbopay.webhooks.attempts", "{attempt}", "Attempts that came to a result, by error kind");
        _deliveries = _meter.CreateCounter<long>(
            "kobbopay.webhooks.deliveries", "{delivery}", "Deliveries that ended, by status");
        _arrival = _meter.CreateHistogram<double>(
            "kobbopay.webhooks.arrival", "s", "From an event's creation until its deliveries are filed");
        _lag = _meter.CreateHistogram<double>(
            "kobbopay.webhooks.lag", "s", "From the time at which an attempt was due until it began");
    }

    /// <summary>Their deliveries are filed, now.</summary>
    public void Count(IReadOnlyCollection<PaymentChanged> events)
    {
        var now = _clock.GetUtcNow();
        foreach (var arrived in events)
            _arrival.Record((now - arrived.CreatedAt).TotalSeconds, Of(arrived.Environment));
    }

    public void Count(DeliveryResult result)
    {
        var environment = Of(result.Delivery.Target.Environment);
        if (result.Attempt is { } attempt)
        {
            _attempts.Add(1, environment, new KeyValuePair<string, object?>("error.type", attempt.ErrorKind ?? "none"));
            _lag.Record((attempt.StartedAt - result.Delivery.DueAt).TotalSeconds, environment);
        }

        if (result.Status != DeliveryResult.Pending)
            _deliveries.Add(1, environment, new KeyValuePair<string, object?>("kobbopay.status", result.Status));
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Of(string environment) => new("kobbopay.environment", environment);
}
