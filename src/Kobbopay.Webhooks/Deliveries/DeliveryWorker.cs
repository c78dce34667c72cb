using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// Moves due deliveries from the queue to their endpoints: claim, send, record. Claims and results go in batches;
/// sending is each lane's own affair, so nothing here ever waits for an endpoint. Any number of replicas may run.
/// </summary>
public sealed partial class DeliveryWorker : BackgroundLoop
{
    /// <summary>An answer slower than this is a sign to ask for less.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    /// <summary>An attempt begins only with this much left of its lease, so that its result comes in time.</summary>
    private static readonly TimeSpan NeededLease = DeliverySender.Timeout + TimeSpan.FromSeconds(5);

    /// <summary>Attempts under way at a stop get this long; a longer one is recorded as lost by whoever takes it
    /// over.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(8);

    /// <summary>How far back, and how often, deliveries that nobody released are looked for.</summary>
    private static readonly TimeSpan SweepBack = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WholeSweepInterval = TimeSpan.FromMinutes(10);

    private readonly NpgsqlDataSource _database;
    private readonly DeliveryQueue _queue;
    private readonly AttemptPartitions _partitions;
    private readonly EndpointLanes _lanes;
    private readonly DeliverySender _sender;
    private readonly Batcher<DeliveryResult> _results;
    private readonly DeliveryMetrics _metrics;
    private readonly Signal<DeliveryWorker> _signal;
    private readonly ILogger<DeliveryWorker> _logger;
    private long? _lastLook;
    private long? _lastSweep;
    private long? _lastWholeSweep;
    private DateTimeOffset _sweptAt;

    public DeliveryWorker(
        NpgsqlDataSource database,
        DeliveryQueue queue,
        AttemptPartitions partitions,
        EndpointLanes lanes,
        DeliverySender sender,
        Batcher<DeliveryResult> results,
        DeliveryMetrics metrics,
        Signal<DeliveryWorker> signal,
        TimeProvider clock,
        ILogger<DeliveryWorker> logger)
        : base(clock, logger)
    {
        (_database, _queue, _lanes, _sender, _results, _metrics) = (database, queue, lanes, sender, results, metrics);
        (_partitions, _signal, _logger) = (partitions, signal, logger);
        _lanes.RoomMade = signal.Set;
        _lanes.Deliver = DeliverAsync;
        _lanes.GiveBack = delivery => results.Post(DeliveryResult.GiveBack(delivery));
    }

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override Task WaitAsync(CancellationToken cancellation) => _signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            return await DispatchAsync(cancellation);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // A lost attempt's week has no partition; the next turn finds it made.
            await _partitions.EnsureUnderWayAsync(cancellation);
            throw;
        }
    }

    private async Task<bool> DispatchAsync(CancellationToken cancellation)
    {
        if (_lastLook is not { } last || Clock.GetElapsedTime(last) >= Interval)
        {
            await LookAsync(cancellation);
            await SweepAsync(cancellation);
            _lastLook = Clock.GetTimestamp();
        }

        var rooms = _lanes.Reserve();
        if (rooms.Count == 0)
            return false;
        try
        {
            // Not to be interrupted: what is claimed must get into its lane.
            var claimed = await _queue.ClaimAsync(rooms, CancellationToken.None);
            _lanes.Fill(rooms, claimed);
        }
        catch
        {
            _lanes.Cancel(rooms);
            throw;
        }

        return true;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var (unsent, idle) = _lanes.Close();
        unsent.ForEach(_lanes.GiveBack);
        try
        {
            await idle.WaitAsync(StopTimeout, Clock, cancellationToken);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            LogLeftBehind();
        }
    }

    /// <summary>Finds what no signal announced: retries that fell due, other replicas' work, what a crash
    /// left.</summary>
    private async Task LookAsync(CancellationToken cancellation)
    {
        var (due, disabled) = await _queue.EndpointsAsync(cancellation);
        _lanes.Rewind();
        _lanes.MarkDue(due);
        while (disabled.Count > 0 && await _queue.SkipAsync(disabled, cancellation))
        {
            // As long as there is more.
        }
    }

    private async Task SweepAsync(CancellationToken cancellation)
    {
        if (_lastSweep is { } last && Clock.GetElapsedTime(last) < SweepInterval)
            return;
        var now = Clock.GetUtcNow();
        var whole = _lastWholeSweep is not { } lastWhole || Clock.GetElapsedTime(lastWhole) >= WholeSweepInterval
            || now < _sweptAt;
        var since = whole ? DateTimeOffset.UnixEpoch : now - SweepBack;
        _lanes.MarkDue(await PaymentOrder.SweepAsync(_database, since, now, cancellation));
        if (whole)
            _lanes.MarkDue(await OverlongWaits.ShortenAsync(_database, now, cancellation));
        (_lastSweep, _sweptAt) = (Clock.GetTimestamp(), now);
        _lastWholeSweep = whole ? _lastSweep : _lastWholeSweep;
    }

    /// <summary>
    /// Never throws. False when the endpoint is slow or does not answer. It does not wait for the result to be
    /// recorded: the next attempt may begin, and the lane counts this one until then.
    /// </summary>
    private async Task<bool> DeliverAsync(ClaimedDelivery delivery)
    {
        if (delivery.AttemptOfRound > RetrySchedule.AttemptLimit(delivery.Target.Environment))
        {
            _results.Post(DeliveryResult.UsedUp(delivery));
            return true;
        }

        try
        {
            // One from ahead of the clock, which has been set back since, is anybody's.
            var isOurs = delivery.ClaimedAt - Clock.GetUtcNow() <= DeliveryQueue.Lease;
            if (isOurs && delivery.NotBefore - Clock.GetUtcNow() is { Ticks: > 0 } wait)
                await Task.Delay(wait, Clock);
            if (!isOurs || Clock.GetUtcNow() + NeededLease > delivery.LeaseEndsAt)
            {
                _results.Post(DeliveryResult.GiveBack(delivery));
                return false;
            }

            var attempt = await _sender.SendAsync(delivery);
            var result = DeliveryResult.Of(delivery, attempt, Clock.GetUtcNow(), Random.Shared.NextDouble());
            _metrics.Count(result);
            _results.Post(result);
            return attempt.StatusCode is not null && attempt.Latency < Slow;
        }
        catch (Exception failure)
        {
            // The lease ends, the attempt is recorded as lost, and the next one is made.
            LogUnexpected(failure, delivery.DeliveryId, delivery.Attempt);
            _lanes.Done([delivery]);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Attempt {Attempt} of delivery {Delivery} failed unexpectedly")]
    private partial void LogUnexpected(Exception failure, Guid delivery, int attempt);

    [LoggerMessage(LogLevel.Warning, "Attempts were under way at the stop; they will be recorded as outcome_unknown")]
    private partial void LogLeftBehind();
}

internal static partial class DeliveryRegistration
{
    /// <summary>Results gather for so long under load; only a payment's next event in an ordered lane waits for
    /// them.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    public static void AddDeliveries(this IServiceCollection services)
    {
        services.AddSingleton<DeliveryQueue>();
        services.AddSingleton<DeliveryResults>();
        services.AddSingleton<EndpointHealth>();
        services.AddSingleton<EndpointTrouble>();
        services.AddLoop<OutboxRelay>();
        services.AddSingleton<EndpointLanes>();
        services.AddSingleton<DeliverySender>();
        services.AddSingleton<DeliveryMetrics>();
        services.AddSingleton(BatchesOfResults);
        services.AddLoop<DeliveryWorker>();
        services.AddLoop<WatchBacklog>();
    }

    private static Batcher<DeliveryResult> BatchesOfResults(IServiceProvider services)
    {
        var (results, lanes) = (
            services.GetRequiredService<DeliveryResults>(), services.GetRequiredService<EndpointLanes>());
        var logger = services.GetRequiredService<ILogger<Batcher<DeliveryResult>>>();
        return new Batcher<DeliveryResult>(
            async (batch, cancellation) =>
            {
                await results.RecordAsync(batch, cancellation);
                lanes.Done(batch.Select(result => result.Delivery));
            },
            DeliveryResults.BatchLimit,
            // The machine's own time: it paces transactions, and decides nothing about a delivery.
            TimeProvider.System,
            logger,
            gathering: Gathering,
            failed: (result, failure) =>
            {
                // Its lease ends, the attempt is recorded as lost, and the next one is made.
                LogNotRecorded(logger, failure, result.Delivery.DeliveryId, result.Delivery.Attempt);
                lanes.Done([result.Delivery]);
            });
    }

    [LoggerMessage(LogLevel.Error, "The result of attempt {Attempt} of delivery {Delivery} could not be recorded")]
    private static partial void LogNotRecorded(ILogger logger, Exception failure, Guid delivery, int attempt);
}
