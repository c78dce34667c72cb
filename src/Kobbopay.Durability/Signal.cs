namespace Kobbopay.Durability;

/// <summary>
/// Wakes a loop of this process as soon as there is work, instead of at its next poll. Setting it twice is as good as
/// once; a signal that is lost (a crash, another replica's commit) costs one poll interval, never the work.
/// </summary>
public sealed class Signal<TLoop> : IDisposable
    where TLoop : BackgroundLoop
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);
    private int _set;

    public void Set()
    {
        if (Interlocked.Exchange(ref _set, 1) == 0)
            _semaphore.Release();
    }

    /// <summary>Returns when the signal is set or the time is over.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        // Reset only when the wait took the signal: a Set between time-out and reset would be lost otherwise.
        if (await _semaphore.WaitAsync(atMost, cancellation))
            Volatile.Write(ref _set, 0);
    }

    public void Dispose() => _semaphore.Dispose();
}
