using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Kobbopay.Bench.Measure;

/// <summary>
/// Counts every message that is published to the broker, by exchange, and every one that it hands out, by queue: the
/// broker's own trace (the firehose), so nothing goes past it. Tracing must be on.
/// </summary>
internal sealed class BusTrace : IAsyncDisposable
{
    private const string Exchange = "amq.rabbitmq.trace";
    private const string Publish = "publish.";
    private const string Deliver = "deliver.";

    private readonly ConcurrentDictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly IConnection connection;
    private readonly IChannel channel;

    private BusTrace(IConnection connection, IChannel channel) =>
        (this.connection, this.channel) = (connection, channel);

    public long Published => counts.Where(one => one.Key.StartsWith(Publish, StringComparison.Ordinal))
        .Sum(one => one.Value);

    public long DeliveredFrom(string queue) => counts.GetValueOrDefault(Deliver + queue);

    /// <summary>Where messages were published, for a report.</summary>
    public string Exchanges => string.Join(", ", counts
        .Where(one => one.Key.StartsWith(Publish, StringComparison.Ordinal))
        .Select(one => $"{one.Key[Publish.Length..]} {one.Value}"));

    public static async Task<BusTrace> StartAsync(Uri broker, CancellationToken cancellation)
    {
        var opened = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellation);
        var used = await opened.CreateChannelAsync(cancellationToken: cancellation);
        var trace = new BusTrace(opened, used);
        var queue = await used.QueueDeclareAsync(cancellationToken: cancellation);
        var consumer = new AsyncEventingBasicConsumer(used);
        consumer.ReceivedAsync += trace.CountAsync;
        foreach (var key in (string[])[Publish + "#", Deliver + "#"])
            await used.QueueBindAsync(queue.QueueName, Exchange, key, cancellationToken: cancellation);
        await used.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, cancellation);
        return trace;
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private Task CountAsync(object sender, BasicDeliverEventArgs message)
    {
        counts.AddOrUpdate(message.RoutingKey, 1, (_, count) => count + 1);
        return Task.CompletedTask;
    }
}
