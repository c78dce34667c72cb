using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// <c>ordering: "per_payment"</c>: a delivery that has to wait for earlier ones of its payment is due at
/// <c>infinity</c>, where no claim comes across it, so a dead endpoint's long queue costs nobody a look. It is released
/// by whatever it waits for: an earlier delivery that ends, or an earlier event that arrives.
/// </summary>
internal static class PaymentOrder
{
    /// <summary>
    /// The event before one's own comes within this time, from the bus or from the feed, unless it is so old that it is
    /// kept no longer.
    /// </summary>
    private const string LongestGap = "interval '10 minutes'";

    /// <summary>Yields the endpoints of what is released.</summary>
    private static string Release(string which) => $"""
        update delivery_queue q set due_at = $1
        where q.due_at = 'infinity' and q.ordered_payment_id is not null and {which}
          and not exists (
            select from delivery_queue p
            where p.ordered_payment_id = q.ordered_payment_id and p.endpoint_id = q.endpoint_id
              and p.ordered_version < q.ordered_version)
          and (q.ordered_version = 1 or q.delivery_id < lowest_id($1 - {LongestGap}) or exists (
            select from webhook_events e
            where e.payment_id = q.ordered_payment_id and e.version = q.ordered_version - 1))
        returning q.endpoint_id
        """;

    /// <summary>Goes behind the statement that ends deliveries of these payments, or files events of them.</summary>
    public static NpgsqlBatchCommand After(IEnumerable<Guid> payments, DateTimeOffset now)
    {
        var command = new NpgsqlBatchCommand(Release("q.ordered_payment_id = any($2)"));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. payments.Distinct()] });
        return command;
    }

    /// <summary>Goes behind the statement that queues these deliveries again.</summary>
    public static NpgsqlBatchCommand AfterRequeue(Guid[] deliveries, DateTimeOffset now)
    {
        var command = new NpgsqlBatchCommand(
            Release("q.ordered_payment_id in (select payment_id from deliveries where id = any($2))"));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = deliveries });
        return command;
    }

    public static async Task<HashSet<Guid>> ReadAsync(NpgsqlDataReader row, CancellationToken cancellation)
    {
        var endpoints = new HashSet<Guid>();
        while (await row.ReadAsync(cancellation))
            endpoints.Add(row.GetGuid(0));
        return endpoints;
    }

    /// <summary>
    /// Releases what two transactions at once left to each other: one files a delivery while the other ends the one
    /// before it, and neither sees what the other has done.
    /// </summary>
    public static async Task<HashSet<Guid>> SweepAsync(
        NpgsqlDataSource database, DateTimeOffset since, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Release("q.delivery_id >= lowest_id($2)"));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await ReadAsync(row, cancellation);
    }
}
