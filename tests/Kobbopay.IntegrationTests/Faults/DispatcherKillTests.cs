using Kobbopay.Testing;
using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>A dispatcher ended by SIGKILL while a thousand of its attempts are open.</summary>
public sealed class DispatcherKillTests
{
    /// <summary>There are as many events as an endpoint's first window holds: all are sent at once.</summary>
    private const int Endpoints = 250;
    private const int Events = 4;
    private const int InFlight = Endpoints * Events;

    [Fact]
    public async Task Another_dispatcher_takes_over_what_was_in_flight_when_the_leases_end()
    {
        var log = await KillAsync(another: true, answered: false);

        log.Unknown.Should().Be(InFlight, "each was open at the kill, and is sent once more");
    }

    [Fact]
    public async Task Started_again_it_takes_over_what_was_answered_and_not_recorded_when_the_leases_end()
    {
        var log = await KillAsync(another: false, answered: true);

        log.Unknown.Should().BeInRange(1, InFlight, "the answers came at the moment of the kill");
    }

    private static async Task<DeliveryLog> KillAsync(bool another, bool answered)
    {
        await using var dispatchers = await Dispatchers.CreateAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var answering = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Gate = answering.Task;
        var backlog = new Backlog(dispatchers.Sql);
        await backlog.AddEndpointsAsync(receiver.Url, Endpoints);
        await backlog.AddEventsAsync(Events);
        var killed = await dispatchers.StartAsync();
        await Eventually.GetAsync(() => Task.FromResult(receiver.Count), open => open == InFlight);
        if (another)
            await dispatchers.StartAsync();

        // For what comes from now on.
        receiver.Gate = Task.CompletedTask;
        if (answered)
            answering.SetResult();
        await killed.KillAsync();
        var killedAt = TimeProvider.System.GetUtcNow();
        receiver.Count.Should().Be(InFlight);
        if (!another)
            await dispatchers.StartAsync();

        var log = await DeliveryLog.CheckAsync(dispatchers.Sql, receiver, InFlight, TimeSpan.FromSeconds(60));
        log.Duplicates.Should().Be(log.Unknown);
        var takenOver = log.Deliveries.Where(delivery => delivery.Unknown > 0).ToList();
        takenOver.Should().OnlyContain(
            delivery => delivery.StartedAt[1] - delivery.StartedAt[0] >= DeliveryQueue.Lease, "a lease is a lease");
        (takenOver.Max(delivery => delivery.StartedAt[1]) - killedAt.UtcDateTime)
            .Should().BeLessThan(TimeSpan.FromSeconds(30));
        return log;
    }
}
