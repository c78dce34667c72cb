namespace Kobbopay.PublicStatus;

/// <summary>
/// Streams that wait for news of a view: all of this process in one place, each without a thread or a connection to the
/// database.
/// </summary>
public sealed class ViewWatchers(TimeProvider clock, IHostApplicationLifetime lifetime)
{
    /// <summary>Streams at a time, of this process and of one token: a payment is watched by a few people.</summary>
    public const int Limit = 5_000;
    public const int LimitOfToken = 50;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);
    private int _places;

    /// <summary>Streams that are open now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _places;
        }
    }

    /// <summary>Takes a place; null when there is none left.</summary>
    public WatchingPlace? Enter(string token)
    {
        lock (_lock)
        {
            var watched = _watched.GetValueOrDefault(token) ?? new Watched();
            if (_places == Limit || watched.Places == LimitOfToken)
                return null;
            _places++;
            watched.Places++;
            _watched[token] = watched;
            return new WatchingPlace(this, watched, token, clock, lifetime.ApplicationStopping);
        }
    }

    public bool IsWatched(string token)
    {
        lock (_lock)
            return _watched.ContainsKey(token);
    }

    /// <summary>Wakes those who watch the token.</summary>
    public void Announce(string token)
    {
        TaskCompletionSource? news;
        lock (_lock)
            news = _watched.GetValueOrDefault(token)?.Renew();
        news?.SetResult();
    }

    internal void Leave(string token)
    {
        lock (_lock)
        {
            _places--;
            if (--_watched[token].Places == 0)
                _watched.Remove(token);
        }
    }

    /// <summary>What the streams of one token share.</summary>
    internal sealed class Watched
    {
        private volatile TaskCompletionSource _news = NewSource();

        public int Places { get; set; }

        public Task News => _news.Task;

        /// <summary>The news that is due now; what is awaited from here on is the next one.</summary>
        public TaskCompletionSource Renew() => Interlocked.Exchange(ref _news, NewSource());

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One stream's place.</summary>
public sealed class WatchingPlace : IDisposable
{
    private readonly ViewWatchers _watchers;
    private readonly ViewWatchers.Watched _watched;
    private readonly string _token;
    private readonly TimeProvider _clock;
    private readonly CancellationToken _stopping;
    private bool _left;

    internal WatchingPlace(
        ViewWatchers watchers,
        ViewWatchers.Watched watched,
        string token,
        TimeProvider clock,
        CancellationToken stopping) =>
        (_watchers, _watched, _token, _clock, _stopping) = (watchers, watched, token, clock, stopping);

    /// <summary>
    /// Completes with the next news. Taken before the view is read, so that what comes in between is not missed.
    /// </summary>
    public Task News => _watched.News;

    /// <summary>The process is about to stop.</summary>
    public bool IsOver => _stopping.IsCancellationRequested;

    /// <summary>Waits for <paramref name="news"/>, or until the time is over or the process is about to stop.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone.</exception>
    public async Task WaitAsync(Task news, TimeSpan atMost, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping);
        await news.WaitAsync(atMost, _clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _left, true))
            _watchers.Leave(_token);
    }
}
