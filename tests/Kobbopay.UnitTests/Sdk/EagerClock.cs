using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Sdk;

/// <summary>
/// A clock that jumps to whatever is waited for, and by nothing else: the time limits of attempts and streams pass
/// when they are let.
/// </summary>
internal sealed class EagerClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private static readonly TimeSpan[] Limits =
        [TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30 + 25), TimeSpan.FromMinutes(2)];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan && !Limits.Contains(dueTime))
            _ = Task.Run(() => Advance(dueTime));
        return timer;
    }
}
