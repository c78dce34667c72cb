using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>An endpoint that has been failing for long enough to be looked at.</summary>
public sealed record FailingEndpoint(
    Guid EndpointId, DateTimeOffset FailingSince, int Failures, bool EventsDiffer, bool IsWarned);

/// <summary>
/// What endpoints' answers have been like (<c>endpoint_state</c>): written with the results, once for each endpoint of a
/// batch, and for one that only succeeds once a second.
/// </summary>
public sealed class EndpointHealth(TimeProvider clock)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    private const int RememberedLimit = 10_000;

    private const string Statement = """
        with written as (
          insert into endpoint_state as s
            (endpoint_id, last_success_at, failing_since, failures, failed_event_id, failed_events_differ)
          select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::uuid[], $6::bool[])
          on conflict (endpoint_id) do update set
            last_success_at = coalesce(excluded.last_success_at, s.last_success_at),
            failing_since = case when excluded.last_success_at is null
              then coalesce(s.failing_since, excluded.failing_since) else excluded.failing_since end,
            failures = excluded.failures + case when excluded.last_success_at is null then s.failures else 0 end,
            failed_event_id = case when excluded.last_success_at is null
              then coalesce(s.failed_event_id, excluded.failed_event_id) else excluded.failed_event_id end,
            failed_events_differ = excluded.failed_events_differ or (excluded.last_success_at is null
              and (s.failed_events_differ or coalesce(s.failed_event_id <> excluded.failed_event_id, false))),
            warned_at = case when excluded.last_success_at is null then s.warned_at end
          returning s.endpoint_id, s.failing_since, s.failures, s.failed_events_differ, s.warned_at)
        select endpoint_id, failing_since, failures, failed_events_differ, warned_at is not null
        from written where failing_since <= $7
        """;

    // The last success written of each endpoint. Batches of results come one after the other.
    private readonly Dictionary<Guid, DateTimeOffset> _written = [];

    /// <summary>What of these results is worth a write.</summary>
    internal EndpointTally[] News(IReadOnlyList<DeliveryResult> results) =>
        Array.FindAll(EndpointTally.Of(results), IsNews);

    /// <summary>Yields the endpoints that have been failing for so long that a warning may be due.</summary>
    internal NpgsqlBatchCommand Command(EndpointTally[] tallies)
    {
        var command = new NpgsqlBatchCommand(Statement);
        command.Parameters.Add(Column(tallies, tally => tally.EndpointId));
        command.Parameters.Add(Column(tallies, tally => tally.SucceededAt));
        command.Parameters.Add(Column(tallies, tally => tally.FailingSince));
        command.Parameters.Add(Column(tallies, tally => tally.Failures));
        command.Parameters.Add(Column(tallies, tally => tally.FailedEventId));
        command.Parameters.Add(Column(tallies, tally => tally.FailedEventsDiffer));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>
        {
            TypedValue = clock.GetUtcNow() - FailureRule.WarnAfter,
        });
        return command;
    }

    internal static async Task<List<FailingEndpoint>> ReadAsync(NpgsqlDataReader row, CancellationToken cancellation)
    {
        var failing = new List<FailingEndpoint>();
        while (await row.ReadAsync(cancellation))
        {
            failing.Add(new FailingEndpoint(
                row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetInt32(2), row.GetBoolean(3),
                row.GetBoolean(4)));
        }

        return failing;
    }

    /// <summary>These are in the database.</summary>
    internal void Remember(EndpointTally[] tallies)
    {
        if (_written.Count > RememberedLimit)
            _written.Clear();
        foreach (var tally in tallies)
        {
            if (tally is { SucceededAt: { } at, Failures: 0 })
                _written[tally.EndpointId] = at;
            else
                _written.Remove(tally.EndpointId);
        }
    }

    private bool IsNews(EndpointTally tally) =>
        tally.Failures > 0 || !_written.TryGetValue(tally.EndpointId, out var last)
        || tally.SucceededAt - last >= Remembered;

    private static NpgsqlParameter<T[]> Column<T>(EndpointTally[] tallies, Converter<EndpointTally, T> value) =>
        new() { TypedValue = Array.ConvertAll(tallies, value) };
}
