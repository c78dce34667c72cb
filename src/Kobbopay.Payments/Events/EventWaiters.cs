using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Events;

/// <summary>One merchant's feed in one environment.</summary>
public readonly record struct EventStream(Guid MerchantId, string Environment);

/// <summary>
/// Where requests wait for the next event of a feed, all of this process in one place and without a database connection
/// each. The sequencer's commit wakes them; what another replica sequenced, <see cref="WatchEvents"/> finds.
/// </summary>
public sealed class EventWaiters(TimeProvider clock, IHostApplicationLifetime lifetime)
{
    /// <summary>Requests that wait or stream at a time, of a process and of one feed.</summary>
    public const int Limit = 5_000;
    public const int LimitOfFeed = 50;

    private readonly Lock _lock = new();
    private readonly Dictionary<EventStream, Watched> _streams = [];
    private int _places;

    /// <summary>The process is about to stop: nobody waits any more.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>Requests that wait or stream now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _places;
        }
    }

    /// <summary>
    /// Takes a place, to be taken before the feed is read: what is sequenced in between is not missed.
    /// </summary>
    /// <exception cref="ProblemException"><c>rate_limited</c>: every place is taken.</exception>
    public WaitingPlace Enter(MerchantIdentity merchant)
    {
        var stream = new EventStream(merchant.MerchantId, merchant.Environment);
        lock (_lock)
        {
            var watched = _streams.GetValueOrDefault(stream) ?? new Watched();
            if (_places == Limit || watched.Places == LimitOfFeed)
            {
                throw new ProblemException(
                    ProblemCodes.RateLimited,
                    $"At most {LimitOfFeed} requests may wait for the events of one feed at a time.")
                {
                    RetryAfterSeconds = 1,
                };
            }

            _places++;
            watched.Places++;
            _streams[stream] = watched;
            return new WaitingPlace(this, stream);
        }
    }

    /// <summary>The feeds that somebody waits for.</summary>
    public EventStream[] Streams()
    {
        lock (_lock)
            return [.. _streams.Keys];
    }

    /// <summary>So far have feeds got.</summary>
    public void Announce(IEnumerable<KeyValuePair<EventStream, long>> heads)
    {
        lock (_lock)
        {
            foreach (var (stream, latest) in heads)
            {
                if (_streams.TryGetValue(stream, out var watched))
                    watched.Advance(latest);
            }
        }
    }

    /// <summary>See <see cref="WaitingPlace.WaitAsync"/>.</summary>
    internal async Task<bool> WaitAsync(
        EventStream stream, long seen, TimeSpan atMost, CancellationToken cancellation)
    {
        Task news;
        lock (_lock)
        {
            var watched = _streams[stream];
            if (watched.Latest > seen)
                return true;
            // The first to wait tells the others how far the feed is: what they have read is no news.
            watched.Advance(seen);
            news = watched.News;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Stopping);
        await news.WaitAsync(atMost, clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return news.IsCompleted;
    }

    internal void Leave(EventStream stream)
    {
        lock (_lock)
        {
            _places--;
            if (--_streams[stream].Places == 0)
                _streams.Remove(stream);
        }
    }

    /// <summary>What the waiting requests of one feed share.</summary>
    private sealed class Watched
    {
        private TaskCompletionSource _news = NewSource();

        public int Places { get; set; }

        public long Latest { get; private set; }

        public Task News => _news.Task;

        public void Advance(long latest)
        {
            if (latest <= Latest)
                return;
            Latest = latest;
            var news = _news;
            _news = NewSource();
            news.SetResult();
        }

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One request's place; it may wait many times.</summary>
public sealed class WaitingPlace(EventWaiters waiters, EventStream stream) : IDisposable
{
    private bool _left;

    public bool IsOver => waiters.Stopping.IsCancellationRequested;

    /// <summary>
    /// Waits until the feed has got beyond its head <paramref name="seen"/>; false when the time is over or the process
    /// is about to stop.
    /// </summary>
    public Task<bool> WaitAsync(long seen, TimeSpan atMost, CancellationToken cancellation) =>
        waiters.WaitAsync(stream, seen, atMost, cancellation);

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _left, true))
            waiters.Leave(stream);
    }
}
