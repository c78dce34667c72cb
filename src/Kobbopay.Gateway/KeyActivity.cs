using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using MassTransit;

namespace Kobbopay.Gateway;

/// <summary>
/// What is seen of API keys between two reports: when each was used, which came from a browser, who guesses. Bounded:
/// what does not fit is forgotten, since nothing depends on it.
/// </summary>
public sealed class KeyActivity(TimeProvider clock)
{
    /// <summary>Keys whose use waits to be told; a report takes <see cref="ApiKeyActivity.Limit"/> of them.</summary>
    public const int KeysLimit = 10 * ApiKeyActivity.Limit;

    private readonly ConcurrentQueue<KnownKey> _used = new();
    private readonly Dictionary<(Guid KeyId, string Header), ApiKeyMisuse> _misuses = [];
    private readonly Dictionary<string, GuessingAddress> _guessing = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Costs next to nothing when the key waits to be told already.</summary>
    public void Used(KnownKey key)
    {
        if (!key.Use(clock.GetUtcNow()))
            return;
        if (_used.Count < KeysLimit)
            _used.Enqueue(key);
        else
            key.TakeUse();
    }

    /// <param name="header">That told the browser.</param>
    public void Misused(KnownKey key, string header, string? address)
    {
        var (of, now) = (key.Description, clock.GetUtcNow());
        lock (_gate)
        {
            var count = _misuses.GetValueOrDefault((of.KeyId, header))?.Count ?? 0;
            if (count > 0 || _misuses.Count < ApiKeyActivity.Limit)
            {
                _misuses[(of.KeyId, header)] =
                    new ApiKeyMisuse(of.KeyId, of.MerchantId, of.Environment, header, address, now, count + 1);
            }
        }
    }

    /// <summary>This address was refused another try.</summary>
    public void Guessed(string address)
    {
        lock (_gate)
        {
            var refused = _guessing.GetValueOrDefault(address)?.Refused ?? 0;
            if (refused > 0 || _guessing.Count < ApiKeyActivity.Limit)
                _guessing[address] = new GuessingAddress(address, refused + 1, clock.GetUtcNow());
        }
    }

    /// <summary>The next report; null when there is nothing to tell.</summary>
    public ApiKeyActivity? Take()
    {
        var uses = new Dictionary<Guid, DateTimeOffset>();
        while (uses.Count < ApiKeyActivity.Limit && _used.TryDequeue(out var key))
        {
            // The same key twice: what was held of it was dropped and asked for again in between.
            var (id, at) = (key.Description.KeyId, key.TakeUse());
            if (!uses.TryGetValue(id, out var known) || known < at)
                uses[id] = at;
        }

        lock (_gate)
        {
            if (uses.Count == 0 && _misuses.Count == 0 && _guessing.Count == 0)
                return null;
            var activity = new ApiKeyActivity(
                Id.New(clock), [.. uses.Select(use => new ApiKeyUse(use.Key, use.Value))], [.. _misuses.Values],
                [.. _guessing.Values]);
            _misuses.Clear();
            _guessing.Clear();
            return activity;
        }
    }
}

/// <summary>
/// Tells Payments of it every few seconds, and once more when the gateway stops. A broker that is away costs nothing
/// but time: what was collected waits, within its bounds.
/// </summary>
public sealed partial class ReportKeyActivity(
    KeyActivity activity, IBusControl bus, TimeProvider clock, ILogger<ReportKeyActivity> logger)
    : BackgroundLoop(clock, logger)
{
    /// <summary>A report that the broker has not confirmed by then is kept for the next time.</summary>
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(3);

    private readonly ILogger _logger = logger;
    private ApiKeyActivity? _unsent;
    private bool _failed;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await RunOnceAsync(cancellationToken);
    }

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        if (bus.CheckHealth().Status == BusHealthStatus.Unhealthy)
            return false;
        try
        {
            while ((_unsent ??= activity.Take()) is { } report)
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                timeout.CancelAfter(ConfirmTimeout);
                await bus.Publish(report, context => context.MessageId = report.Id, timeout.Token);
                (_unsent, _failed) = (null, false);
            }
        }
        catch (Exception failure)
        {
            // No failure of the loop: it would take a gateway that answers out of service.
            if (!_failed && !cancellation.IsCancellationRequested)
                LogKept(_logger, failure.Message);
            _failed = true;
        }

        return false;
    }

    [LoggerMessage(LogLevel.Warning, "What was seen of API keys can't be told and waits for the broker: {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);
}
