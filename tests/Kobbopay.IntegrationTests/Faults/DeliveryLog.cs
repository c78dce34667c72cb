using Kobbopay.Contracts;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>A delivery with all its attempts, as a Webhooks database tells of it.</summary>
internal sealed record LoggedDelivery(
    Guid Id, string Event, string Path, byte[] Body, string Status, int[] Numbers, string[] Outcomes,
    DateTime[] StartedAt)
{
    /// <summary>Attempts whose sender had no way to tell what became of them.</summary>
    public int Unknown => Outcomes.Count(outcome => outcome == "outcome_unknown");
}

/// <summary>What has to be true of deliveries whatever has happened to their senders.</summary>
/// <param name="Deliveries">As many as there should be.</param>
/// <param name="Duplicates">Requests beyond the first of each delivery.</param>
internal sealed record DeliveryLog(IReadOnlyList<LoggedDelivery> Deliveries, int Duplicates)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Attempts whose sender had no way to tell what became of them.</summary>
    public int Unknown => Deliveries.Sum(delivery => delivery.Unknown);

    /// <summary>
    /// Waits until nothing is pending, and holds what the receiver has got against the log: every event came to every
    /// endpoint, as one delivery, with the same bytes and the same id each time; the log has at least as many attempts
    /// as came, and only the last one succeeded, those before it are <c>outcome_unknown</c>. So whatever came twice was
    /// in flight when its sender died.
    /// </summary>
    public static async Task<DeliveryLog> CheckAsync(
        NpgsqlDataSource sql, WebhookReceiver receiver, int expected, TimeSpan? patience = null)
    {
        await Eventually.GetAsync(() => QueuedAsync(sql), queued => queued == 0, patience, "an empty queue");
        var deliveries = await ReadAsync(sql);
        var requests = receiver.Requests.ToLookup(
            request => request.Headers["X-Kobbopay-Delivery-Id"], StringComparer.Ordinal);

        deliveries.Should().HaveCount(expected);
        deliveries.DistinctBy(delivery => (delivery.Event, delivery.Path)).Should().HaveCount(expected);
        requests.Should().HaveCount(expected);
        deliveries.SelectMany(delivery => Faults(delivery, requests[Id.Format(Id.Delivery, delivery.Id)]))
            .Should().BeEmpty();
        return new DeliveryLog(deliveries, requests.Sum(of => of.Count() - 1));
    }

    private static async Task<long> QueuedAsync(NpgsqlDataSource sql)
    {
        await using var command = sql.CreateCommand("select count(*) from delivery_queue");
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private static async Task<List<LoggedDelivery>> ReadAsync(NpgsqlDataSource sql)
    {
        await using var command = sql.CreateCommand(
            """
            select d.id, d.event_id, w.url, e.body, d.status, a.numbers, a.outcomes, a.started_at
            from deliveries d
            join webhook_endpoints w on w.id = d.endpoint_id
            join webhook_events e on e.id = d.event_id
            left join (
              select delivery_id, array_agg(number order by number) as numbers,
                array_agg(outcome order by number) as outcomes, array_agg(started_at order by number) as started_at
              from attempts group by delivery_id) a on a.delivery_id = d.id
            """);
        await using var row = await command.ExecuteReaderAsync(Token);
        var deliveries = new List<LoggedDelivery>();
        while (await row.ReadAsync(Token))
        {
            deliveries.Add(new LoggedDelivery(
                row.GetGuid(0), Id.Format(Id.Event, row.GetGuid(1)), new Uri(row.GetString(2)).AbsolutePath,
                row.GetFieldValue<byte[]>(3), row.GetString(4),
                row.IsDBNull(5) ? [] : row.GetFieldValue<int[]>(5),
                row.IsDBNull(6) ? [] : row.GetFieldValue<string[]>(6),
                row.IsDBNull(7) ? [] : row.GetFieldValue<DateTime[]>(7)));
        }

        return deliveries;
    }

    private static IEnumerable<string> Faults(LoggedDelivery delivery, IEnumerable<ReceivedWebhook> received)
    {
        ReceivedWebhook[] requests = [.. received];
        var outcomes = string.Join(' ', delivery.Outcomes);
        if (delivery.Status != "succeeded")
            yield return $"{delivery.Id} is {delivery.Status}";
        if (!delivery.Numbers.SequenceEqual(Enumerable.Range(1, delivery.Numbers.Length)))
            yield return $"{delivery.Id} has the attempts {string.Join(' ', delivery.Numbers)}";
        if (delivery.Outcomes is not [.., "succeeded"] || delivery.Unknown != delivery.Outcomes.Length - 1)
            yield return $"{delivery.Id} came to {outcomes}";
        if (requests.Length == 0 || requests.Length > delivery.Numbers.Length)
            yield return $"{delivery.Id} came {requests.Length} times, and the log has: {outcomes}";
        if (!requests.All(request => request.Body.AsSpan().SequenceEqual(delivery.Body)))
            yield return $"{delivery.Id} has other bytes";
        if (!requests.All(request => request.Headers["webhook-id"] == delivery.Event && request.Path == delivery.Path))
            yield return $"{delivery.Id} came by another event's name or to another endpoint";
    }
}
