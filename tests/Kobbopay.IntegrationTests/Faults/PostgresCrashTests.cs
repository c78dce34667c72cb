using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Faults;

public sealed class PostgresCrashTests
{
    private const int Endpoints = 50;
    private const int Events = 60;
    private const int Drained = 500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_crash_of_the_database_in_the_middle_of_a_drain_costs_what_was_being_claimed_a_lease_at_most()
    {
        await using var postgres = await PostgresServer.StartAsync(
            new PostgresSettings(Servers.NewFolder("pg")), Token);
        await using var dispatchers = await Dispatchers.CreateAsync(postgres);
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Default = WebhookAnswer.Of(200).After(TimeSpan.FromMilliseconds(100));
        var dispatcher = await dispatchers.StartAsync();
        var backlog = new Backlog(dispatchers.Sql);
        await backlog.AddEndpointsAsync(receiver.Url, Endpoints);
        await backlog.AddEventsAsync(Events);

        await Eventually.TrueAsync(() => receiver.Count >= Drained);
        await postgres.KillAsync();
        receiver.Count.Should().BeLessThan(Endpoints * Events, "it has to be in the middle");
        // What was its own, such as shared memory, may take a moment to go.
        await Eventually.TrueAsync(async () =>
        {
            await postgres.StartAgainAsync(Token);
            return true;
        });
        var backAt = TimeProvider.System.GetUtcNow();

        var log = await DeliveryLog.CheckAsync(
            dispatchers.Sql, receiver, Endpoints * Events, TimeSpan.FromSeconds(60));
        log.Duplicates.Should().BeLessThanOrEqualTo(log.Unknown);
        log.Deliveries.SelectMany(delivery => delivery.StartedAt.Take(delivery.Unknown))
            .Should().OnlyContain(startedAt => startedAt < backAt.UtcDateTime, "the crash alone leaves such outcomes");
        dispatcher.Exited.IsCompleted.Should().BeFalse();
    }
}
