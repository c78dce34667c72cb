using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Kobbopay.Durability;

/// <summary>The service's queues that are watched, without their error queues.</summary>
public sealed record WatchedQueues(IReadOnlyList<string> Names);

/// <summary>
/// Measures how long the service's queues are, and raises an alert when a message was parked in an error queue: it
/// blocks nothing, and its event comes from the feed, but somebody has to find the cause.
/// </summary>
public sealed partial class QueueProbe : BackgroundLoop
{
    private const string ErrorSuffix = "_error";
    private const ushort NoSuchQueue = 404;

    private static readonly Meter Meter = new("Kobbopay.Queues");

    private readonly WatchedQueues _queues;
    private readonly IServiceProvider _services;
    private readonly ILogger<QueueProbe> _logger;
    private readonly ConcurrentDictionary<string, long> _depths = new(StringComparer.Ordinal);

    public QueueProbe(WatchedQueues queues, IServiceProvider services, TimeProvider clock, ILogger<QueueProbe> logger)
        : base(clock, logger)
    {
        (_queues, _services, _logger) = (queues, services, logger);
        Meter.CreateObservableGauge(
            "kobbopay.queue.depth",
            () => _depths.Select(
                queue => new Measurement<long>(queue.Value, new KeyValuePair<string, object?>("queue", queue.Key))),
            "{message}",
            "Messages that wait in a queue");
    }

    protected override TimeSpan Interval => TimeSpan.FromSeconds(15);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        // Taken here and not in the constructor: the broker may be away when the service starts.
        var connection = _services.GetRequiredService<IConnection>();
        foreach (var queue in _queues.Names.SelectMany(name => new[] { name, name + ErrorSuffix }))
        {
            var depth = await DepthAsync(connection, queue, cancellation);
            if (queue.EndsWith(ErrorSuffix, StringComparison.Ordinal) && depth > _depths.GetValueOrDefault(queue))
                LogParked(_logger, depth, queue);
            _depths[queue] = depth;
        }

        return false;
    }

    /// <summary>
    /// A queue that was never declared is empty; an error queue comes into being with its first message.
    /// </summary>
    private static async Task<long> DepthAsync(IConnection connection, string queue, CancellationToken cancellation)
    {
        // Asking for a missing queue closes the channel, so each question has its own.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        try
        {
            return await channel.MessageCountAsync(queue, cancellation);
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == NoSuchQueue)
        {
            return 0;
        }
    }

    [LoggerMessage(LogLevel.Error, "{Count} messages are parked in {Queue}; their cause is in the log")]
    private static partial void LogParked(ILogger logger, long count, string queue);
}

public static class QueueProbeRegistration
{
    /// <summary>
    /// Watches these queues and their error queues; needs the connection of <c>AddRabbitMQClient</c>.
    /// </summary>
    public static IServiceCollection AddQueueProbe(this IServiceCollection services, params string[] queues) =>
        services.AddSingleton(new WatchedQueues(queues)).AddLoop<QueueProbe>();
}
