namespace Kobbopay.Payments;

/// <summary>
/// Times of the contract have milliseconds; what is stored, shown and compared is cut to them once, here.
/// </summary>
internal static class Clock
{
    public static DateTimeOffset Now(this TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }
}
