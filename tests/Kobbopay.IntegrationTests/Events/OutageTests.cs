using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Events;

public sealed class OutageTests
{
    private const int During = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_broker_the_feed_goes_on_and_afterwards_every_event_is_delivered_once()
    {
        await using var broker = await RabbitMqServer.StartAsync(
            new RabbitMqSettings(Servers.NewFolder("mq")), Token);
        await using var house = await PaymentsAndWebhooks.StartAsync(broker.Uri);
        await house.Merchant.EndpointAsync(house.Receiver.Url);
        var merchant = house.Payments.Merchant;
        await house.Payments.CreateAsync(merchant, 1);
        await house.Receiver.ReceiveAsync(1);

        await broker.StopAsync();
        await house.Payments.CreateAsync(merchant, During);
        (await house.Payments.FeedAsync(merchant, "?limit=100")).Sequences()
            .Should().Equal(Enumerable.Range(1, During + 1).Select(sequence => (long)sequence));
        (await house.Payments.CountAsync("outbox, unnest(parts)")).Should().Be(During);
        await broker.StartAgainAsync(Token);

        var received = await house.Receiver.ReceiveAsync(During + 1, TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(async () => await house.Payments.CountAsync("outbox") == 0);
        received.Select(one => one.EventId).Should().OnlyHaveUniqueItems();
        (await house.Webhooks!.QueryAsync<long>("select count(*) from deliveries")).Should().Be(During + 1);
    }
}
