using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class EndpointLanesTests
{
    private readonly EndpointLanes _lanes = new();
    private Func<Task<bool>> _answer = () => Task.FromResult(true);
    private int _claimed;
    private int _begun;

    [Fact]
    public void A_new_endpoint_gets_a_small_window_and_nothing_more_while_it_hangs()
    {
        var (endpoint, hanging) = (NewId(), new TaskCompletionSource<bool>());
        _lanes.MarkDue([endpoint]);
        var rooms = _lanes.Reserve();
        rooms.Should().Equal(new LaneRoom(endpoint, 4, QueuePlace.Start));
        _answer = () => hanging.Task;
        Fill(rooms);

        _lanes.MarkDue([endpoint]);

        _lanes.Reserve().Should().BeEmpty();
    }

    [Fact]
    public async Task A_fast_endpoint_is_asked_for_more_and_more()
    {
        var endpoint = NewId();
        _lanes.MarkDue([endpoint]);
        var largest = 0;
        for (var round = 0; round < 200 && largest < 128; round++)
        {
            var rooms = _lanes.Reserve();
            largest = Math.Max(largest, rooms.Sum(room => room.Room));
            await FillAndDrainAsync(rooms, healthy: true);
        }

        largest.Should().BeInRange(128, 256);
    }

    [Fact]
    public async Task A_failing_endpoint_is_asked_for_one_at_a_time()
    {
        var endpoint = NewId();
        _lanes.MarkDue([endpoint]);
        await FillAndDrainAsync(_lanes.Reserve(), healthy: false);

        _lanes.Reserve().Should().Equal(new LaneRoom(endpoint, 1, QueuePlace.Start));
    }

    [Fact]
    public void Endpoints_take_turns()
    {
        var endpoints = Enumerable.Range(0, 100).Select(_ => NewId()).ToArray();
        _lanes.MarkDue(endpoints);

        var first = _lanes.Reserve();
        _lanes.Cancel(first);
        var second = _lanes.Reserve();

        first.Sum(room => room.Room).Should().Be(256);
        first.Concat(second).Select(room => room.EndpointId).Distinct().Should().BeEquivalentTo(endpoints);
    }

    [Fact]
    public async Task Closing_gives_back_what_was_not_begun_and_waits_for_the_rest()
    {
        var endpoint = NewId();
        _lanes.MarkDue([endpoint]);
        var rooms = _lanes.Reserve();
        for (; rooms is [{ Room: < 64 }]; rooms = _lanes.Reserve())
            await FillAndDrainAsync(rooms, healthy: true);
        var hanging = new TaskCompletionSource<bool>();
        using var begun = new CountdownEvent(32);
        _answer = () =>
        {
            begun.Signal();
            return hanging.Task;
        };
        Fill(rooms);
        begun.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)
            .Should().BeTrue($"{32 - begun.CurrentCount} of {rooms.Sum(room => room.Room)} have begun");

        var (unsent, idle) = _lanes.Close();

        unsent.Should().HaveCount(_claimed - _begun).And.HaveCountGreaterThanOrEqualTo(32);
        _lanes.Done(unsent);
        idle.IsCompleted.Should().BeFalse();
        hanging.SetResult(true);
        await idle.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _lanes.MarkDue([endpoint]);
        _lanes.Reserve().Should().BeEmpty();
    }

    /// <summary>All of it answers at once; returns when the lane has taken that in.</summary>
    private async Task FillAndDrainAsync(List<LaneRoom> rooms, bool healthy)
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lanes.RoomMade = () => drained.TrySetResult();
        _answer = () => Task.FromResult(healthy);
        Fill(rooms);
        await drained.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private void Fill(List<LaneRoom> rooms)
    {
        _claimed += rooms.Sum(room => room.Room);
        _lanes.Deliver = async delivery =>
        {
            Interlocked.Increment(ref _begun);
            var healthy = await _answer();
            _ = RecordAsync(delivery);
            return healthy;
        };
        _lanes.Fill(rooms, rooms.ToDictionary(room => room.EndpointId, Claimed));
    }

    /// <summary>Results are recorded a little later.</summary>
    private async Task RecordAsync(ClaimedDelivery delivery)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        _lanes.Done([delivery]);
    }

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    private static ClaimedLane Claimed(LaneRoom room)
    {
        var target = new DeliveryTarget(
            room.EndpointId, NewId(), "test", "http://localhost", BodySignature: true,
            RateLimit: null,
            new SealedEndpoint(new SealedSecret("k1", []), Next: null, OverlapUntil: null, Headers: null));
        var deliveries = Enumerable.Range(0, room.Room).Select(_ => new ClaimedDelivery(
            target, NewId(), NewId(), Attempt: 1, AttemptsBefore: 0, PaymentUrl: null,
            DueAt: DateTimeOffset.UnixEpoch, ClaimedAt: DateTimeOffset.MaxValue,
            NotBefore: DateTimeOffset.UnixEpoch, [], TraceParent: null, OrderedPaymentId: null));
        return new ClaimedLane([.. deliveries], QueuePlace.Start);
    }
}
