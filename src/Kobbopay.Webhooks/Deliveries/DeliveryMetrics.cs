using System.Diagnostics.Metrics;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>What operators watch; no ids and no host names, so the number of series stays small.</summary>
public sealed class DeliveryMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly TimeProvider _clock;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _lag;

    public DeliveryMetrics(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        _meter = meters.Create("Kobbopay.Webhooks");
        _attempts = _meter.CreateCounter<long>(
            "kobbopay.webhooks.attempts", "{attempt}", "Attempts that came to a result, by error kind");
        _deliveries = _meter.CreateCounter<long>(
            "kobbopay.webhooks.deliveries", "{delivery}", "Deliveries that ended, by status");
        _lag = _meter.CreateHistogram<double>(
            "kobbopay.webhooks.lag", "s", "From an event's creation to the end of the first attempt to deliver it");
    }

    public void Count(DeliveryResult result)
    {
        var environment = new KeyValuePair<string, object?>("kobbopay.environment", result.Delivery.Target.Environment);
        if (result.Attempt is { } attempt)
            _attempts.Add(1, environment, new KeyValuePair<string, object?>("error.type", attempt.ErrorKind ?? "none"));
        if (result.Status != DeliveryResult.Pending)
            _deliveries.Add(1, environment, new KeyValuePair<string, object?>("kobbopay.status", result.Status));
        if (result.Delivery.Attempt == 1)
            _lag.Record((_clock.GetUtcNow() - result.Delivery.EventCreatedAt).TotalSeconds, environment);
    }

    public void Dispose() => _meter.Dispose();
}
