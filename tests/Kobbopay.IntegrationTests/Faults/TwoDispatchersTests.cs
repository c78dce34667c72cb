using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Faults;

public sealed class TwoDispatchersTests
{
    private const int Endpoints = 50;
    private const int Events = 40;

    /// <summary>What one dispatcher sends at once to an endpoint that has not answered yet.</summary>
    private const int FirstWindow = 4;

    [Fact]
    public async Task Two_dispatchers_share_a_backlog_and_send_nothing_twice()
    {
        await using var dispatchers = await Dispatchers.CreateAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var answering = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Gate = answering.Task;
        await Task.WhenAll(dispatchers.StartAsync(), dispatchers.StartAsync());
        var backlog = new Backlog(dispatchers.Sql);
        await backlog.AddEndpointsAsync(receiver.Url, Endpoints);
        await backlog.AddEventsAsync(Events);

        // More than one of them may have open: both are at work, on the same lanes.
        await Eventually.TrueAsync(() => receiver.Count == 2 * Endpoints * FirstWindow);
        answering.SetResult();

        var log = await DeliveryLog.CheckAsync(dispatchers.Sql, receiver, Endpoints * Events);
        log.Duplicates.Should().Be(0);
        log.Unknown.Should().Be(0);
    }
}
