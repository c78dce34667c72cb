using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Kobbopay.Bench.Baselines;

/// <summary>
/// Commit, publish to a quorum queue with confirms, consume, POST: the shortest way that an event can go over these
/// parts. It tells what part of E1's latency is the parts' own.
/// </summary>
internal sealed class BarePipeline(
    NpgsqlDataSource database, Uri broker, Receiver receiver, HttpClient http, string secret)
{
    private const string Queue = "bare-events";
    private const ushort Prefetch = 32;

    /// <summary>Milliseconds from each commit's return to its event's arrival, at an even rate.</summary>
    public async Task<double[]> LatenciesAsync(int perSecond, TimeSpan duration, CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        var factory = new ConnectionFactory { Uri = broker };
        await using var connection = await factory.CreateConnectionAsync(cancellation);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
            cancellation);
        await using var consumerChannel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        var quorum = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false, quorum, cancellationToken: cancellation);
        await StartConsumerAsync(consumerChannel, cancellation);

        var committed = new Dictionary<string, long>(StringComparer.Ordinal);
        await Pace.RunAsync(perSecond, duration, async () =>
        {
            var id = BareEvent.NewId();
            var body = BareEvent.Body(id);
            await CommitAsync(id, body, cancellation);
            committed[id] = Stopwatch.GetTimestamp();
            var properties = new BasicProperties { MessageId = id, Persistent = true };
            await channel.BasicPublishAsync("", Queue, mandatory: true, properties, body, cancellation);
        }, cancellation);
        return await Latency.OfAsync(committed, receiver, cancellation);
    }

    private async Task StartConsumerAsync(IChannel channel, CancellationToken cancellation)
    {
        await channel.BasicQosAsync(0, Prefetch, global: false, cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            var id = message.BasicProperties.MessageId!;
            await BareEvent.PostAsync(http, receiver.Webhooks, secret, id, message.Body.ToArray(), cancellation);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellation);
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, cancellation);
    }

    private async Task CommitAsync(string id, byte[] body, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("insert into bare_outbox (payment_id, body) values ($1, $2)");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = body });
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
