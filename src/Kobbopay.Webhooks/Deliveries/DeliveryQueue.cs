using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Rows that an endpoint's lane has room for, in the order of the queue after this place.</summary>
public sealed record LaneRoom(Guid EndpointId, int Room, QueuePlace After);

/// <summary>A place in an endpoint's queue, which is in the order of due time and delivery.</summary>
public sealed record QueuePlace(DateTimeOffset DueAt, Guid DeliveryId)
{
    public static readonly QueuePlace Start = new(DateTimeOffset.UnixEpoch, Guid.Empty);
}

/// <summary>What a claim took of one lane, in the order of its queue, and the place of the last one.</summary>
public sealed record ClaimedLane(ClaimedDelivery[] Deliveries, QueuePlace End)
{
    public static readonly ClaimedLane Empty = new([], QueuePlace.Start);
}

/// <summary>
/// The pending deliveries: which endpoints have due ones, and the claim of some. A claim commits the attempt's number
/// and time before anything is sent; where a lease ended without a result, it records the lost attempt first.
/// </summary>
public sealed class DeliveryQueue(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>A result that has not come by then never will: an attempt takes 15 s at most, and is not begun late.
    /// With the next look and the next claim, what a dead replica held is another's within 30 s.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(27);

    /// <summary>A rate-limited endpoint's requests are claimed so far ahead of their turns: until after the worker's
    /// next look.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(2);

    /// <summary>Deliveries skipped in one statement; a longer queue takes several.</summary>
    private const int SkipLimit = 1000;

    /// <summary>
    /// Each endpoint in the queue and what of it is due first, as <c>lanes</c>. A skip scan: one index probe for each
    /// endpoint, whatever the length of its lane.
    /// </summary>
    internal const string Lanes = """
        with recursive lanes as (
          (select endpoint_id, due_at from delivery_queue order by endpoint_id, due_at limit 1)
          union all
          select n.endpoint_id, n.due_at from lanes l cross join lateral (
            select q.endpoint_id, q.due_at from delivery_queue q where q.endpoint_id > l.endpoint_id
            order by q.endpoint_id, q.due_at limit 1) n)
        """;

    private const string Targets = $"""
        select {DeliveryTarget.Columns}
        from webhook_endpoints w join webhook_secrets s on s.endpoint_id = w.id
        where w.id = any($1)
        """;

    // A claim touches no indexed column, so it leaves the row on its page and every index as it is: rows under way stay
    // where they were in the queue, and are passed over until their lease ends. A time that lies further ahead than two
    // replicas' clocks may differ is of a clock that has been set back since: it holds nothing.
    // The limits are for the planner: one that it can't know it takes for a tenth, and so a few lanes for one, and rows
    // are found by place. It would else take a short queue for the cheaper side of a join, and read all of a long one.
    private const string ClaimStatement =
        """
        with asked as (
          select l.endpoint_id, l.after_due, l.after_id, w.rate_limit, case when w.rate_limit is null then l.room else
            least(l.room, greatest(0, floor(
              extract(epoch from $3 + $6
                - case when s.free_at between $3 and $3 + $7 then s.free_at else $3 end) * w.rate_limit)))::int end
            as room
          from unnest($1::uuid[], $2::int[], $4::timestamptz[], $5::uuid[])
            as l (endpoint_id, room, after_due, after_id)
          cross join lateral (
            select rate_limit from webhook_endpoints w where w.id = l.endpoint_id and w.status = 'enabled' limit 1) w
          left join lateral (
            select free_at from endpoint_state s where s.endpoint_id = l.endpoint_id and w.rate_limit is not null
            limit 1) s on true
          limit cardinality($1)),
        due as (
          select d.* from asked a cross join lateral (
            select q.ctid as place, q.attempt_started_at from delivery_queue q
            where q.endpoint_id = a.endpoint_id and (q.due_at, q.delivery_id) > (a.after_due, a.after_id)
              and q.due_at <= $3 and (q.attempt_started_at is null
                or q.attempt_started_at <= $3 - $7 or q.attempt_started_at > $3 + $7)
            order by q.due_at, q.delivery_id limit a.room for update of q skip locked) d),
        claimed as (
          update delivery_queue q set attempt = q.attempt + 1, attempt_started_at = $3
          from due where q.ctid = due.place
          returning q.delivery_id, q.endpoint_id, q.event_id, q.attempt, q.attempts_before, q.url, q.due_at,
            q.ordered_payment_id, q.ctid as place, due.attempt_started_at as lost_at),
        lost as (
          insert into attempts (delivery_id, number, id, started_at, outcome)
          select delivery_id, attempt - 1, new_id(lost_at), lost_at, 'outcome_unknown'
          from claimed where lost_at is not null),
        paced as (
          insert into endpoint_state as s (endpoint_id, free_at)
          select a.endpoint_id, $3 + n.claims * interval '1 s' / a.rate_limit
          from asked a join (select endpoint_id, count(*) as claims from claimed group by endpoint_id) n
            using (endpoint_id)
          where a.rate_limit is not null
          on conflict (endpoint_id) do update
            set free_at = case when s.free_at between $3 and $3 + $7 then s.free_at else $3 end
              + (excluded.free_at - $3)
          returning s.endpoint_id, s.free_at)
        select c.delivery_id, c.endpoint_id, c.event_id, c.attempt, c.attempts_before, c.url, c.due_at,
          p.free_at, e.body, e.traceparent, c.ordered_payment_id, c.place::text
        from claimed c
        cross join lateral (select e.body, e.traceparent from webhook_events e where e.id = c.event_id limit 1) e
        left join paced p on p.endpoint_id = c.endpoint_id
        """;

    /// <summary>Every endpoint that has something due, or is disabled and has something waiting.</summary>
    public async Task<(List<Guid> Due, List<Guid> Disabled)> EndpointsAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            {Lanes}
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
    /// Claims the oldest due deliveries of each lane after its place, up to its room, in one round trip and one commit.
    /// </summary>
    public async Task<Dictionary<Guid, ClaimedLane>> ClaimAsync(
        IReadOnlyCollection<LaneRoom> lanes, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        Guid[] endpoints = [.. lanes.Select(lane => lane.EndpointId)];
        await using var batch = database.CreateBatch();
        batch.BeginByKey();
        var targets = new NpgsqlBatchCommand(Targets);
        targets.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = endpoints });
        batch.BatchCommands.Add(targets);
        var claim = new NpgsqlBatchCommand(ClaimStatement);
        claim.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = endpoints });
        claim.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. lanes.Select(lane => lane.Room)] });
        claim.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        claim.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]>
        {
            TypedValue = [.. lanes.Select(lane => lane.After.DueAt)],
        });
        claim.Parameters.Add(new NpgsqlParameter<Guid[]>
        {
            TypedValue = [.. lanes.Select(lane => lane.After.DeliveryId)],
        });
        claim.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Ahead });
        claim.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Lease });
        batch.BatchCommands.Add(claim);
        batch.EndByKey();

        await using var row = await batch.ExecuteReaderAsync(cancellation);
        var byEndpoint = await DeliveryTarget.ReadAllAsync(row, cancellation);
        await row.NextResultAsync(cancellation);
        var claimed = new List<ClaimedRow>();
        while (await row.ReadAsync(cancellation))
            claimed.Add(ClaimedRow.Read(row));
        return claimed.GroupBy(one => one.EndpointId)
            .ToDictionary(lane => lane.Key, lane => InOrder(lane, byEndpoint[lane.Key], now));
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
                where endpoint_id = any($1) and (attempt_started_at is null
                  or attempt_started_at <= $2 - $4 or attempt_started_at > $2 + $4)
                limit $3 for update skip locked)
              returning delivery_id, attempt, attempt_started_at),
            lost as (
              insert into attempts (delivery_id, number, id, started_at, outcome)
              select delivery_id, attempt, new_id(attempt_started_at), attempt_started_at, 'outcome_unknown'
              from gone where attempt_started_at is not null)
            update deliveries d set status = 'skipped', finished_at = $2 from gone where d.id = gone.delivery_id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. endpoints] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = SkipLimit });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Lease });
        return await command.ExecuteNonQueryAsync(cancellation) >= SkipLimit;
    }

    /// <summary>In the order of the queue, with turns where the endpoint has a rate limit.</summary>
    private static ClaimedLane InOrder(IEnumerable<ClaimedRow> lane, DeliveryTarget target, DateTimeOffset now)
    {
        ClaimedRow[] rows = [.. lane.OrderBy(row => row.DueAt).ThenBy(row => row.DeliveryId)];
        // The last one's turn ends when the endpoint is free again.
        var turns = rows.Select((row, i) => row.FreeAt is { } free && target.RateLimit is { } limit
            ? free - TimeSpan.FromSeconds((rows.Length - i) / (double)limit)
            : now);
        return new ClaimedLane(
            [.. rows.Zip(turns, (row, turn) => row.Of(target, now, turn))],
            new QueuePlace(rows[^1].DueAt, rows[^1].DeliveryId));
    }

    private sealed record ClaimedRow(
        Guid DeliveryId,
        Guid EndpointId,
        Guid EventId,
        int Attempt,
        int AttemptsBefore,
        string? Url,
        DateTimeOffset DueAt,
        DateTimeOffset? FreeAt,
        byte[] Body,
        string? TraceParent,
        Guid? OrderedPaymentId,
        string Place)
    {
        public static ClaimedRow Read(NpgsqlDataReader row) => new(
            row.GetGuid(0),
            row.GetGuid(1),
            row.GetGuid(2),
            row.GetInt32(3),
            row.GetInt32(4),
            row.IsDBNull(5) ? null : row.GetString(5),
            row.GetFieldValue<DateTimeOffset>(6),
            row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
            row.GetFieldValue<byte[]>(8),
            row.IsDBNull(9) ? null : row.GetString(9),
            row.IsDBNull(10) ? null : row.GetGuid(10),
            row.GetString(11));

        public ClaimedDelivery Of(DeliveryTarget target, DateTimeOffset claimedAt, DateTimeOffset turn) => new(
            target, DeliveryId, EventId, Attempt, AttemptsBefore, Url, DueAt, claimedAt, turn, Body, TraceParent,
            OrderedPaymentId)
        {
            Place = Place,
        };
    }
}
