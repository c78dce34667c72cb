using System.Text;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Faults;

public sealed class BrokerCrashTests
{
    private const int AtOnce = 40;

    private static readonly string[] Queues =
        ["payments-events", "payments-merchants", "webhooks", "webhooks-sandbox-clock"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_from_before_during_and_after_a_crash_of_the_broker_are_delivered_once()
    {
        var folder = Servers.NewFolder("mq");
        await using var broker = await RabbitMqServer.StartAsync(new RabbitMqSettings(folder), Token);
        await using var payments = await MortalPayments.CreateAsync(broker.Uri);
        await using var dispatchers = await Dispatchers.CreateAsync(payments.Url, broker.Uri);
        await using var receiver = await WebhookReceiver.StartAsync();
        payments.Start();
        await dispatchers.StartAsync();
        await new Backlog(dispatchers.Sql, payments.Merchant).AddEndpointsAsync(receiver.Url, 1);

        await CreateAsync(payments, "before");
        await receiver.ReceiveAsync(1, Patience);
        await KeptAsync(folder);
        // More are on their way: in the outbox, in the broker, unacknowledged.
        await Task.WhenAll(CreateAsync(payments, "meanwhile"), broker.KillAsync());
        await CreateAsync(payments, "during");
        await Task.WhenAll(CreateAsync(payments, "after"), broker.StartAgainAsync(Token));

        await Eventually.GetAsync(
            () => payments.QueryAsync<string>("select (select count(*) from events) || ' ' || count(*) from outbox"),
            counts => counts == $"{4 * AtOnce} 0",
            Patience);
        await receiver.ReceiveAsync(4 * AtOnce, Patience);
        var log = await DeliveryLog.CheckAsync(dispatchers.Sql, receiver, 4 * AtOnce);
        log.Duplicates.Should().Be(0, "what the bus brings twice is taken once");
        log.Unknown.Should().Be(0);
        (await payments.QueryAsync<long>("select count(*) from payments")).Should().Be(4 * AtOnce);
    }

    /// <summary>
    /// Until the broker has all queues on its disk. It writes the names of new quorum queues seconds after it has
    /// confirmed them (RabbitMQ 3.10, ra_directory), and one that a crash finds unwritten comes back without a leader:
    /// for good, whatever its clients do.
    /// </summary>
    private static async Task KeptAsync(string folder)
    {
        var names = Path.Combine(folder, "mnesia", "node", "quorum", "kobbopay@localhost", "names.dets");
        // Of a row, the name and the tag of the binary that follows it (Erlang's external term format).
        await Eventually.SeeAsync(
            () => Encoding.Latin1.GetString(File.ReadAllBytes(names)),
            kept => Queues.All(queue => kept.Contains($"%2F_{queue}m", StringComparison.Ordinal)));
    }

    private static async Task CreateAsync(MortalPayments payments, string when)
    {
        for (var order = 0; order < AtOnce; order++)
        {
            await payments.PostAsync(
                "/v1/payments",
                $$"""
                {"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "{{when}}-{{order}}"}
                """,
                $"{when}-{order}");
        }
    }
}
