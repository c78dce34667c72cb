using Kobbopay.Contracts;

namespace Kobbopay.PublicStatus;

/// <summary>This process's copy of one view. It only ever moves forward, whatever order views arrive in.</summary>
public sealed class ViewCopy(PublicPayment view, DateTimeOffset newsAt, DateTimeOffset checkedAt)
{
    private readonly Lock _moving = new();
    private volatile PublicPayment _view = view;
    private long _newsAt = newsAt.UtcTicks;
    private long _checkedAt = checkedAt.UtcTicks;

    public PublicPayment View => _view;

    /// <summary>When an event, a progress message or Payments itself last vouched for this view.</summary>
    public DateTimeOffset NewsAt => new(Volatile.Read(ref _newsAt), TimeSpan.Zero);

    /// <summary>When it was last held against the table, which all replicas share.</summary>
    public DateTimeOffset CheckedAt => new(Volatile.Read(ref _checkedAt), TimeSpan.Zero);

    /// <summary>
    /// Takes the view unless the copy is newer; what an older view says is no news. True when the copy moved on.
    /// </summary>
    public bool Offer(PublicPayment offered, DateTimeOffset newsAt, DateTimeOffset checkedAt)
    {
        lock (_moving)
        {
            var moves = offered.IsNewerThan(_view);
            if (moves)
                _view = offered;
            if (!_view.IsNewerThan(offered))
                _newsAt = Math.Max(_newsAt, newsAt.UtcTicks);
            _checkedAt = Math.Max(_checkedAt, checkedAt.UtcTicks);
            return moves;
        }
    }
}
