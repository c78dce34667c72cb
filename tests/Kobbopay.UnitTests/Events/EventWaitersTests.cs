using Kobbopay.Contracts;
using Kobbopay.Payments.Events;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Events;

public sealed class EventWaitersTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly EventWaiters _waiters;

    public EventWaitersTests() => _waiters = new EventWaiters(_clock, _lifetime);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task News_wake_those_who_have_not_seen_them_and_nobody_else()
    {
        var (mine, others) = (Merchant(), Merchant());
        using var place = _waiters.Enter(mine);
        using var other = _waiters.Enter(others);
        var waiting = place.WaitAsync(4, Second, Token);
        var untouched = other.WaitAsync(4, Second, Token);

        Announce(mine, 4);
        waiting.IsCompleted.Should().BeFalse();
        Announce(mine, 5);

        (await waiting).Should().BeTrue();
        untouched.IsCompleted.Should().BeFalse();
        _clock.Advance(Second);
        (await untouched).Should().BeFalse();
    }

    [Fact]
    public async Task What_was_announced_between_entering_and_waiting_is_not_missed()
    {
        var merchant = Merchant();
        using var place = _waiters.Enter(merchant);

        Announce(merchant, 5);

        (await place.WaitAsync(4, Second, Token)).Should().BeTrue();
    }

    [Fact]
    public async Task Who_leaves_is_no_longer_watched_for_and_frees_a_place()
    {
        var merchant = Merchant();
        var places = Enumerable.Range(0, EventWaiters.LimitOfFeed).Select(_ => _waiters.Enter(merchant)).ToList();
        var more = () => _waiters.Enter(merchant);

        more.Should().Throw<ProblemException>().Which.Code.Should().Be(ProblemCodes.RateLimited);
        _waiters.Streams().Should().Equal(new EventStream(merchant.MerchantId, merchant.Environment));
        places[0].Dispose();
        places[0].Dispose();
        places.Add(more());
        places.ForEach(place => place.Dispose());

        _waiters.Streams().Should().BeEmpty();
        _waiters.Count.Should().Be(0);
        Announce(merchant, 1);
        using var again = _waiters.Enter(merchant);
        var waiting = again.WaitAsync(0, Second, Token);
        _clock.Advance(Second);
        (await waiting).Should().BeFalse();
    }

    [Fact]
    public async Task A_process_that_stops_and_a_caller_who_goes_end_a_wait()
    {
        using var place = _waiters.Enter(Merchant());
        using var caller = new CancellationTokenSource();
        var gone = place.WaitAsync(0, Second, caller.Token);
        var waiting = place.WaitAsync(0, Second, Token);

        await caller.CancelAsync();
        await ((Func<Task>)(() => gone)).Should().ThrowAsync<OperationCanceledException>();
        _lifetime.StopApplication();

        (await waiting).Should().BeFalse();
        place.IsOver.Should().BeTrue();
    }

    private static MerchantIdentity Merchant() => new(
        Guid.CreateVersion7(DateTimeOffset.UnixEpoch), MerchantEnvironments.Test, Guid.Empty, Scopes.All);

    private void Announce(MerchantIdentity merchant, long latest) => _waiters.Announce(
        [KeyValuePair.Create(new EventStream(merchant.MerchantId, merchant.Environment), latest)]);
}
