using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Webhooks.Endpoints;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Turns payment events into deliveries: each event stored once, one delivery for each endpoint that wants it, all in
/// one statement, so one round trip and one commit for a whole batch. To a disabled endpoint a delivery is stored as
/// skipped. Where an endpoint keeps up, the same statement claims the first attempt, which then goes straight to its
/// lane: it waits for no further commit.
/// </summary>
public sealed class PaymentChangedConsumer(
    NpgsqlDataSource database, EndpointLanes lanes, Signal<DeliveryWorker> signal, DeliveryMetrics metrics,
    TimeProvider clock)
    : IPaymentChangedHandler
{
    private const string Statement = $"""
        with {Inbox.Fresh},
        arrived as (
          insert into webhook_events (id, merchant_id, environment, type, payment_id, version, body, traceparent,
            created_at, except_endpoint_id)
          select e.id, e.merchant_id, e.environment, e.type, e.payment_id, e.version, e.body, e.traceparent,
            e.created_at, e.except_endpoint_id
          from unnest($4::uuid[], $1::uuid[], $2::text[], $5::text[], $6::uuid[], $7::int[], $8::bytea[], $9::text[],
              $10::timestamptz[], $14::uuid[])
            as e (id, merchant_id, environment, type, payment_id, version, body, traceparent, created_at,
              except_endpoint_id)
          join fresh on fresh.event_id = e.id
          on conflict (id) do nothing
          returning id, merchant_id, environment, type, payment_id, version),
        wanted as (
          select a.*, w.id as endpoint_id, w.status = 'enabled' as enabled,
            w.ordering = 'per_payment' and a.payment_id is not null as ordered,
            $15 and w.ordering = 'none' and w.rate_limit is null and w.id <> all($16) as at_once,
            case when w.origin = o.origin and 1 = row_number() over (
              partition by a.id, w.origin order by (w.status = 'enabled') desc, w.id) then o.url end as url
          from arrived a
          join webhook_endpoints w on w.merchant_id = a.merchant_id and w.environment = a.environment
            and w.deleted_at is null and w.events && array['*', split_part(a.type, '.', 1) || '.*', a.type]
          join unnest($4::uuid[], $11::text[], $12::text[], $14::uuid[])
            as o (event_id, url, origin, except_endpoint_id)
            on o.event_id = a.id and o.except_endpoint_id is distinct from w.id),
        delivered as (
          insert into deliveries (id, merchant_id, environment, endpoint_id, event_id, event_type, payment_id, url,
            status, created_at, finished_at)
          select new_id($13), merchant_id, environment, endpoint_id, id, type, payment_id, url,
            case when enabled then 'pending' else 'skipped' end, $13, case when not enabled then $13 end
          from wanted
          on conflict (event_id, endpoint_id) do nothing
          returning id, event_id, endpoint_id, status)
        insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at, url, ordered_payment_id,
          ordered_version, attempt, attempt_started_at)
        select d.id, d.endpoint_id, d.event_id, case when w.ordered then 'infinity' else $13 end, w.url,
          case when w.ordered then w.payment_id end, case when w.ordered then w.version end,
          case when w.at_once then 1 else 0 end, case when w.at_once then $13 end
        from delivered d join wanted w on w.id = d.event_id and w.endpoint_id = d.endpoint_id
        where d.status = 'pending'
        returning endpoint_id, delivery_id, event_id, url, attempt = 1, due_at = 'infinity', ctid::text
        """;

    private const string Targets = $"""
        select {DeliveryTarget.Columns}
        from webhook_endpoints w join webhook_secrets s on s.endpoint_id = w.id
        where w.merchant_id = any($1) and w.status = 'enabled'
        """;

    private const string HasOrdered = """
        select exists (
          select from webhook_endpoints
          where merchant_id = any($1) and ordering = 'per_payment' and deleted_at is null)
        """;

    public async Task HandleAsync(IReadOnlyList<PaymentChanged> events, CancellationToken cancellation)
    {
        var distinct = events.DistinctBy(e => e.EventId).ToDictionary(e => e.EventId);
        var now = clock.GetUtcNow();
        Guid[] merchants = [.. distinct.Values.Select(e => e.MerchantId).Distinct()];
        await using var batch = database.CreateBatch();
        batch.BeginByKey();
        var file = new NpgsqlBatchCommand(Statement);
        Inbox.AddParameters(file.Parameters, [.. distinct.Values]);
        AddParameters(file.Parameters, [.. distinct.Values], now, lanes.Busy());
        batch.BatchCommands.Add(file);
        foreach (var statement in new[] { Targets, HasOrdered })
        {
            var ofMerchants = new NpgsqlBatchCommand(statement);
            ofMerchants.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = merchants });
            batch.BatchCommands.Add(ofMerchants);
        }

        batch.EndByKey();

        var queued = new List<QueuedRow>();
        Dictionary<Guid, DeliveryTarget> byEndpoint;
        bool ordered;
        await using (var row = await batch.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
                queued.Add(QueuedRow.Read(row));
            await row.NextResultAsync(cancellation);
            byEndpoint = await DeliveryTarget.ReadAllAsync(row, cancellation);
            await row.NextResultAsync(cancellation);
            await row.ReadAsync(cancellation);
            ordered = row.GetBoolean(0);
        }

        metrics.Count(distinct.Values);
        // An endpoint that was disabled in between has no target here: what was claimed for it is skipped when its
        // lease ends.
        lanes.Admit(queued.Where(row => row.IsClaimed && byEndpoint.ContainsKey(row.EndpointId)).Select(row =>
            row.Of(byEndpoint[row.EndpointId], distinct[row.EventId], now)));
        // Also where nothing was queued: a later event of the payment may have waited for this one.
        var due = ordered ? await ReleaseAsync(distinct.Values, now, cancellation) : [];
        due.UnionWith(queued.Where(row => !row.IsClaimed && !row.IsBlocked).Select(row => row.EndpointId));
        if (due.Count == 0)
            return;
        lanes.MarkDue(due);
        signal.Set();
    }

    private async Task<HashSet<Guid>> ReleaseAsync(
        IEnumerable<PaymentChanged> events, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(PaymentOrder.After(events.Select(e => e.Payment?.Id).OfType<Guid>(), now));
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        return await PaymentOrder.ReadAsync(row, cancellation);
    }

    private static void AddParameters(
        NpgsqlParameterCollection parameters, PaymentChanged[] events, DateTimeOffset now, BusyLanes busy)
    {
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. events.Select(e => e.Type)] });
        parameters.Add(new NpgsqlParameter<Guid?[]> { TypedValue = [.. events.Select(e => e.Payment?.Id)] });
        parameters.Add(new NpgsqlParameter<int?[]> { TypedValue = [.. events.Select(e => e.Payment?.Version)] });
        parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. events.Select(e => e.Body)] });
        parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. events.Select(e => e.TraceParent)] });
        parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. events.Select(e => e.CreatedAt)] });
        parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. events.Select(e => e.Payment?.WebhookUrl)] });
        parameters.Add(new NpgsqlParameter<string?[]>
        {
            TypedValue = [.. events.Select(e => e.Payment?.WebhookUrl is { } url ? EndpointUrl.OriginOf(url) : null)],
        });
        parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        parameters.Add(new NpgsqlParameter<Guid?[]> { TypedValue = [.. events.Select(e => e.ExceptEndpointId)] });
        parameters.Add(new NpgsqlParameter<bool> { TypedValue = !busy.All });
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = busy.Endpoints });
    }

    private sealed record QueuedRow(
        Guid EndpointId, Guid DeliveryId, Guid EventId, string? PaymentUrl, bool IsClaimed, bool IsBlocked,
        string Place)
    {
        public static QueuedRow Read(NpgsqlDataReader row) => new(
            row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.IsDBNull(3) ? null : row.GetString(3),
            row.GetBoolean(4), row.GetBoolean(5), row.GetString(6));

        public ClaimedDelivery Of(DeliveryTarget target, PaymentChanged change, DateTimeOffset now) => new(
            target, DeliveryId, EventId, Attempt: 1, AttemptsBefore: 0, PaymentUrl, DueAt: now, ClaimedAt: now,
            NotBefore: now, change.Body, change.TraceParent, OrderedPaymentId: null)
        {
            Place = Place,
        };
    }
}
