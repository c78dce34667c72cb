using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Kobbopay.Durability;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace Kobbopay.IntegrationTests;

public sealed class QueueProbeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Depths_are_measured_and_a_queue_that_does_not_exist_yet_is_empty()
    {
        await using var broker = await TestBroker.CreateAsync();
        var builder = Host.CreateApplicationBuilder(["--ConnectionStrings:messaging", broker.Uri.ToString()]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddRabbitMQClient("messaging");
        builder.Services.AddQueueProbe("probed");
        using var host = builder.Build();
        var connection = host.Services.GetRequiredService<IConnection>();
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: Token))
        {
            await channel.QueueDeclareAsync(
                "probed", durable: true, exclusive: false, autoDelete: false, cancellationToken: Token);
            for (var i = 0; i < 3; i++)
                await channel.BasicPublishAsync("", "probed", "message"u8.ToArray(), Token);
        }

        var measured = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Name == "kobbopay.queue.depth")
                own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, depth, tags, _) => measured[(string)tags[0].Value!] = depth);
        listener.Start();
        await host.StartAsync(Token);

        await Eventually.TrueAsync(() =>
        {
            listener.RecordObservableInstruments();
            return measured.GetValueOrDefault("probed") == 3 && measured.GetValueOrDefault("probed_error", -1) == 0;
        });
        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        health.Entries.Keys.Should().BeEquivalentTo("RabbitMQ.Client", nameof(QueueProbe));
        health.Status.Should().Be(HealthStatus.Healthy);
        await host.StopAsync(Token);
    }
}
