using Kobbopay.Contracts;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Due times that no schedule gives: they were written while the clock was ahead, and it has been set back since. What
/// has never been tried is due at once, and a retry after the longest wait that it can have.
/// </summary>
internal static class OverlongWaits
{
    private const string Statement =
        """
        with waiting as (
          select q.delivery_id, $1 + case when q.attempt_started_at is null then coalesce(
              (case w.environment when 'live' then $2::interval[] else $3::interval[] end)
                [q.attempt - q.attempts_before + 1], interval '0') else interval '0' end as latest
          from delivery_queue q join webhook_endpoints w on w.id = q.endpoint_id
          where q.due_at > $1 + $4 and q.due_at < 'infinity')
        update delivery_queue q set due_at = w.latest
        from waiting w where q.delivery_id = w.delivery_id and q.due_at > w.latest + $4
        returning q.endpoint_id
        """;

    private static readonly TimeSpan[] Live = RetrySchedule.Longest(MerchantEnvironments.Live);
    private static readonly TimeSpan[] Test = RetrySchedule.Longest(MerchantEnvironments.Test);

    /// <summary>Yields the endpoints of what is due earlier now.</summary>
    public static async Task<HashSet<Guid>> ShortenAsync(
        NpgsqlDataSource database, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan[]> { TypedValue = Live });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan[]> { TypedValue = Test });
        // As far as replicas' clocks may differ.
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = DeliveryQueue.Lease });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await PaymentOrder.ReadAsync(row, cancellation);
    }
}
