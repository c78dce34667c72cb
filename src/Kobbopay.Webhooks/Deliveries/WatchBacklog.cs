using System.Diagnostics.Metrics;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>One endpoint's queue, as last looked at.</summary>
/// <param name="OldestDue">When its first delivery fell due.</param>
/// <param name="LastSuccess">Null when it has never answered with 2xx.</param>
internal sealed record EndpointBacklog(
    Guid EndpointId, string Environment, int Due, DateTimeOffset OldestDue, DateTimeOffset? LastSuccess);

/// <summary>
/// Looks at the queue every now and then for what operators watch: how much waits, and which endpoints are behind. The
/// look costs one index probe for each endpoint in the queue and counts no further than it must, however long the queue
/// is; only the endpoints that are furthest behind become series of their own.
/// </summary>
public sealed class WatchBacklog : BackgroundLoop
{
    /// <summary>Endpoints with series of their own: those whose first due delivery is oldest.</summary>
    public const int EndpointLimit = 100;

    /// <summary>What is longer is reported as this long.</summary>
    public const int CountLimit = 100_000;
    private const int EndpointCountLimit = 10_000;

    private const string Statement = $"""
        {DeliveryQueue.Lanes},
        behind as (select * from lanes where due_at <= $1 order by due_at limit $2)
        select w.id, w.environment, n.due, b.due_at, s.last_success_at
        from behind b
        join webhook_endpoints w on w.id = b.endpoint_id
        left join endpoint_state s on s.endpoint_id = b.endpoint_id
        cross join lateral (select count(*)::int as due from (
          select from delivery_queue q where q.endpoint_id = b.endpoint_id and q.due_at <= $1 limit $3) due) n
        """;

    private readonly NpgsqlDataSource _database;
    private readonly Meter _meter;
    private volatile IReadOnlyList<EndpointBacklog> _behind = [];
    private int _waiting;

    public WatchBacklog(
        NpgsqlDataSource database, IMeterFactory meters, TimeProvider clock, ILogger<WatchBacklog> logger)
        : base(clock, logger)
    {
        _database = database;
        _meter = meters.Create("Kobbopay.Webhooks");
        _meter.CreateObservableGauge(
            "kobbopay.webhooks.waiting", () => Volatile.Read(ref _waiting), "{delivery}",
            $"Deliveries that are not at their end, due or not; {CountLimit} at most");
        _meter.CreateObservableGauge(
            "kobbopay.webhooks.endpoint.backlog",
            () => _behind.Select(endpoint => Of(endpoint, endpoint.Due)),
            "{delivery}",
            $"Due deliveries of an endpoint that is behind; {EndpointCountLimit} at most");
        _meter.CreateObservableGauge(
            "kobbopay.webhooks.endpoint.behind",
            () => _behind.Select(endpoint => Of(endpoint, Age(endpoint.OldestDue))),
            "s",
            "For how long the oldest due delivery of an endpoint has been due");
        _meter.CreateObservableGauge(
            "kobbopay.webhooks.endpoint.recency",
            () => _behind.Where(endpoint => endpoint.LastSuccess is not null)
                .Select(endpoint => Of(endpoint, Age(endpoint.LastSuccess!.Value))),
            "s",
            "Since the last success of an endpoint that is behind; none where there never was one");
    }

    protected override TimeSpan Interval => TimeSpan.FromSeconds(15);

    public override void Dispose()
    {
        _meter.Dispose();
        GC.SuppressFinalize(this);
        base.Dispose();
    }

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using var batch = _database.CreateBatch();
        var waiting = new NpgsqlBatchCommand(
            "select count(*)::int from (select from delivery_queue limit $1) waiting");
        waiting.Parameters.Add(new NpgsqlParameter<int> { TypedValue = CountLimit });
        batch.BatchCommands.Add(waiting);
        var behind = new NpgsqlBatchCommand(Statement);
        behind.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = Clock.GetUtcNow() });
        behind.Parameters.Add(new NpgsqlParameter<int> { TypedValue = EndpointLimit });
        behind.Parameters.Add(new NpgsqlParameter<int> { TypedValue = EndpointCountLimit });
        batch.BatchCommands.Add(behind);

        await using var row = await batch.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        Volatile.Write(ref _waiting, row.GetInt32(0));
        await row.NextResultAsync(cancellation);
        var endpoints = new List<EndpointBacklog>();
        while (await row.ReadAsync(cancellation))
        {
            endpoints.Add(new EndpointBacklog(
                row.GetGuid(0), row.GetString(1), row.GetInt32(2), row.GetFieldValue<DateTimeOffset>(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4)));
        }

        _behind = endpoints;
        return false;
    }

    private double Age(DateTimeOffset time) => (Clock.GetUtcNow() - time).TotalSeconds;

    private static Measurement<T> Of<T>(EndpointBacklog endpoint, T value)
        where T : struct => new(
            value,
            new KeyValuePair<string, object?>("kobbopay.environment", endpoint.Environment),
            new KeyValuePair<string, object?>(
                "kobbopay.webhook_endpoint.id", Id.Format(Id.WebhookEndpoint, endpoint.EndpointId)));
}
