namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// What a batch of results says about one endpoint: the last success, and the failures since then. Deliveries to a
/// payment's own URL say nothing about the endpoint whose URL they replace.
/// </summary>
internal sealed record EndpointTally(
    Guid EndpointId,
    DateTimeOffset? SucceededAt,
    DateTimeOffset? FailingSince,
    int Failures,
    Guid? FailedEventId,
    bool FailedEventsDiffer)
{
    public static EndpointTally[] Of(IEnumerable<DeliveryResult> results)
    {
        var tallies = new Dictionary<Guid, EndpointTally>();
        foreach (var (delivery, _, _, attempt, _) in results)
        {
            if (attempt is null || delivery.PaymentUrl is not null)
                continue;
            var id = delivery.Target.EndpointId;
            var before = tallies.GetValueOrDefault(id, new EndpointTally(id, null, null, 0, null, false));
            var endedAt = attempt.StartedAt + attempt.Latency;
            tallies[id] = attempt.Succeeded
                ? new EndpointTally(id, endedAt, null, 0, null, false)
                : before with
                {
                    FailingSince = before.FailingSince ?? endedAt,
                    Failures = before.Failures + 1,
                    FailedEventId = before.FailedEventId ?? delivery.EventId,
                    FailedEventsDiffer = before.FailedEventsDiffer
                        || (before.FailedEventId is { } first && first != delivery.EventId),
                };
        }

        // In one order everywhere, so that two replicas' batches never wait for each other's rows in a circle.
        return [.. tallies.Values.OrderBy(tally => tally.EndpointId)];
    }
}

/// <summary>When failures are enough to warn a merchant, and to stop (contracts.md, section 4). Pure.</summary>
internal static class FailureRule
{
    /// <summary>From the first failure since the last success.</summary>
    public static readonly TimeSpan DisableAfter = TimeSpan.FromDays(5);

    private const int DisableFailures = 10;

    /// <summary>The warning comes at half of that.</summary>
    public static readonly TimeSpan WarnAfter = DisableAfter / 2;

    private const int WarnFailures = DisableFailures / 2;

    public static bool Disables(TimeSpan failing, int failures, bool eventsDiffer) =>
        failing >= DisableAfter && failures >= DisableFailures && eventsDiffer;

    public static bool Warns(TimeSpan failing, int failures) => failing >= WarnAfter && failures >= WarnFailures;
}
