using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Webhooks.Endpoints;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Turns payment events into deliveries: each event stored once, one delivery for each endpoint that wants it, all in
/// one statement, so one round trip and one commit for a whole batch. To a disabled endpoint a delivery is stored as
/// skipped.
/// </summary>
public sealed class PaymentChangedConsumer(
    NpgsqlDataSource database, EndpointLanes lanes, Signal<DeliveryWorker> signal, TimeProvider clock)
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
          select a.*, w.id as endpoint_id, w.status = 'enabled' as enabled, w.ordering = 'per_payment' as ordered,
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
        insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at, url, ordered_payment_id, ordered_version)
        select d.id, d.endpoint_id, d.event_id, $13, w.url,
          case when w.ordered then w.payment_id end, case when w.ordered then w.version end
        from delivered d join wanted w on w.id = d.event_id and w.endpoint_id = d.endpoint_id
        where d.status = 'pending'
        returning endpoint_id
        """;

    public async Task HandleAsync(IReadOnlyList<PaymentChanged> events, CancellationToken cancellation)
    {
        var distinct = events.DistinctBy(e => e.EventId).ToArray();
        await using var command = database.CreateCommand(Statement);
        Inbox.AddParameters(command.Parameters, distinct);
        AddParameters(command.Parameters, distinct, clock.GetUtcNow());

        var endpoints = new HashSet<Guid>();
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                endpoints.Add(reader.GetGuid(0));
        }

        if (endpoints.Count == 0)
            return;
        lanes.MarkDue(endpoints);
        signal.Set();
    }

    private static void AddParameters(NpgsqlParameterCollection parameters, PaymentChanged[] events, DateTimeOffset now)
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
    }
}
