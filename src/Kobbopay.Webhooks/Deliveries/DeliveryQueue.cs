using Kobbopay.Webhooks.Endpoints;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>A delivery whose next attempt has been committed and is ours to make until the lease ends.</summary>
/// <param name="Attempt">This attempt's number, from 1.</param>
/// <param name="UrlOfPayment">The URL is the payment's own, not the endpoint's.</param>
/// <param name="Ordered">Later events of the payment wait for this one.</param>
public sealed record ClaimedDelivery(
    Guid DeliveryId,
    Guid EndpointId,
    Guid EventId,
    int Attempt,
    DateTimeOffset LeaseEndsAt,
    string Environment,
    string Url,
    bool UrlOfPayment,
    byte[] Body,
    string? TraceParent,
    DateTimeOffset EventCreatedAt,
    bool BodySignature,
    bool Ordered,
    SealedEndpoint Secrets);

/// <summary>Rows that an endpoint's lane has room for.</summary>
public sealed record LaneRoom(Guid EndpointId, int Room);

/// <summary>
/// The pending deliveries: which endpoints have due ones, and the claim of some. A claim commits the attempt's number
/// and time before anything is sent; where a lease ended without a result, it records the lost attempt first.
/// </summary>
public sealed class DeliveryQueue(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>A result that has not come by then never will: an attempt takes 15 s at most, and is not begun
    /// late.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>Deliveries skipped in one statement; a longer queue takes several.</summary>
    private const int SkipLimit = 1000;

    /// <summary>Every endpoint that has something due, or is disabled and has something waiting.</summary>
    /// <remarks>A skip scan: one index probe for each endpoint in the queue, whatever the length of its lane.</remarks>
    public async Task<(List<Guid> Due, List<Guid> Disabled)> EndpointsAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            with recursive lanes as (
              (select endpoint_id, due_at from delivery_queue order by endpoint_id, due_at limit 1)
              union all
              select n.endpoint_id, n.due_at from lanes l cross join lateral (
                select q.endpoint_id, q.due_at from delivery_queue q where q.endpoint_id > l.endpoint_id
                order by q.endpoint_id, q.due_at limit 1) n)
            select l.endpoint_id, w.status = 'enabled'
            from lanes l join webhook_endpoints w on w.id = l.endpoint_id
            where l.due_at <= $1 or w.status <> 'enabled'
            """);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<Guid> due = [], disabled = [];
        while (await reader.ReadAsync(cancellation))
            (reader.GetBoolean(1) ? due : disabled).Add(reader.GetGuid(0));
        return (due, disabled);
    }

    /// <summary>
    /// Claims the oldest due deliveries of each lane, up to its room, in one statement and one commit. An ordered one
    /// waits for the earlier ones of its payment, and for the event before it to have arrived at all.
    /// </summary>
    public async Task<List<ClaimedDelivery>> ClaimAsync(
        IReadOnlyCollection<LaneRoom> lanes, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            with asked as (
              select l.endpoint_id, l.room, w.environment, w.url, w.body_signature, w.ordering, s.key_id, s.sealed,
                s.next_key_id, s.next_sealed, s.overlap_until, s.headers_key_id, s.headers_sealed
              from unnest($1::uuid[], $2::int[]) as l (endpoint_id, room)
              join webhook_endpoints w on w.id = l.endpoint_id and w.status = 'enabled'
              join webhook_secrets s on s.endpoint_id = w.id),
            due as (
              select d.delivery_id, d.attempt, d.attempt_started_at from asked a cross join lateral (
                select q.delivery_id, q.attempt, q.attempt_started_at from delivery_queue q
                where q.endpoint_id = a.endpoint_id and q.due_at <= $3 and (q.ordered_payment_id is null or (
                  not exists (
                    select from delivery_queue p
                    where p.endpoint_id = q.endpoint_id and p.ordered_payment_id = q.ordered_payment_id
                      and p.ordered_version < q.ordered_version)
                  and (q.ordered_version = 1 or exists (
                    select from webhook_events e
                    where e.payment_id = q.ordered_payment_id and e.version = q.ordered_version - 1))))
                order by q.due_at limit a.room for update of q skip locked) d),
            lost as (
              insert into attempts (delivery_id, number, id, started_at, outcome)
              select delivery_id, attempt, new_id(attempt_started_at), attempt_started_at, 'outcome_unknown'
              from due where attempt_started_at is not null
              on conflict do nothing),
            claimed as (
              update delivery_queue q set attempt = q.attempt + 1, attempt_started_at = $3, due_at = $4
              from due where q.delivery_id = due.delivery_id
              returning q.delivery_id, q.endpoint_id, q.event_id, q.attempt, q.url)
            select c.delivery_id, c.endpoint_id, c.event_id, c.attempt, a.environment, coalesce(c.url, a.url),
              c.url is not null, e.body, e.traceparent, e.created_at, a.body_signature,
              a.ordering = 'per_payment', a.key_id, a.sealed, a.next_key_id, a.next_sealed, a.overlap_until,
              a.headers_key_id, a.headers_sealed
            from claimed c
            join asked a on a.endpoint_id = c.endpoint_id
            join webhook_events e on e.id = c.event_id
            """);
        var now = clock.GetUtcNow();
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. lanes.Select(lane => lane.EndpointId)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. lanes.Select(lane => lane.Room)] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now + Lease });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var claimed = new List<ClaimedDelivery>();
        while (await reader.ReadAsync(cancellation))
            claimed.Add(Read(reader, now + Lease));
        return claimed;
    }

    /// <summary>
    /// Takes what waits for these endpoints out of the queue, as skipped; attempts under way end first. True when there
    /// may be more of it than one statement takes.
    /// </summary>
    public async Task<bool> SkipAsync(IReadOnlyCollection<Guid> endpoints, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            with gone as (
              delete from delivery_queue where delivery_id in (
                select delivery_id from delivery_queue
                where endpoint_id = any($1) and (attempt_started_at is null or due_at <= $2)
                limit $3 for update skip locked)
              returning delivery_id, attempt, attempt_started_at),
            lost as (
              insert into attempts (delivery_id, number, id, started_at, outcome)
              select delivery_id, attempt, new_id(attempt_started_at), attempt_started_at, 'outcome_unknown'
              from gone where attempt_started_at is not null
              on conflict do nothing)
            update deliveries d set status = 'skipped', finished_at = $2 from gone where d.id = gone.delivery_id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. endpoints] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = SkipLimit });
        return await command.ExecuteNonQueryAsync(cancellation) >= SkipLimit;
    }

    private static ClaimedDelivery Read(NpgsqlDataReader row, DateTimeOffset leaseEndsAt) => new(
        row.GetGuid(0),
        row.GetGuid(1),
        row.GetGuid(2),
        row.GetInt32(3),
        leaseEndsAt,
        row.GetString(4),
        row.GetString(5),
        row.GetBoolean(6),
        row.GetFieldValue<byte[]>(7),
        row.IsDBNull(8) ? null : row.GetString(8),
        row.GetFieldValue<DateTimeOffset>(9),
        row.GetBoolean(10),
        row.GetBoolean(11),
        SealedEndpoint.Read(row, 12));
}
