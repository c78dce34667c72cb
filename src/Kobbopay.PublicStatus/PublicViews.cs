using System.Collections.Concurrent;
using System.Data.Common;
using Kobbopay.Contracts;

namespace Kobbopay.PublicStatus;

/// <summary>
/// Where a view comes from: this process's memory, which events feed; the table, which all replicas share; Payments,
/// on a miss or when an open payment had no news for a while (contracts.md, section 5). Readers of the same token
/// share one search.
/// </summary>
public sealed partial class PublicViews(
    ViewTable table, PaymentsReader payments, ViewWatchers watchers, TimeProvider clock, ILogger<PublicViews> logger)
{
    /// <summary>
    /// Views in memory at most, about 2 KiB each: those that payers look at, each anew every few seconds. The table has
    /// what is asked for more rarely.
    /// </summary>
    public const int CopyLimit = 5_000;

    /// <summary>
    /// Unknown tokens remembered at most, apart from the views, so that a flood of them evicts no view.
    /// </summary>
    public const int UnknownLimit = 10_000;

    /// <summary>Payments is asked about the same unknown token only this often (contracts.md, section 5).</summary>
    public static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(5);

    /// <summary>
    /// An open payment of which nothing was heard for so long is asked for at Payments (contracts.md, section 5).
    /// </summary>
    public static readonly TimeSpan NewsDue = TimeSpan.FromSeconds(10);

    /// <summary>
    /// An event reaches one replica only: others that its notice does not reach find it in the table within this time.
    /// </summary>
    public static readonly TimeSpan CheckDue = TimeSpan.FromSeconds(1);

    /// <summary>A reader who can be served from memory waits no longer than this for fresher news.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// What stands for all that can't be a payment's token: looked up like any other, it costs as much as one, and is
    /// no longer than one.
    /// </summary>
    private const string NobodysToken = "pst_0";

    private readonly BoundedCache<ViewCopy> _copies = new(CopyLimit);
    private readonly BoundedCache<Miss> _unknown = new(UnknownLimit);
    private readonly ConcurrentDictionary<string, Lazy<Task<Finding>>> _searches = new(StringComparer.Ordinal);

    public ValueTask<Finding> FindAsync(string token, CancellationToken cancellation)
    {
        if (!IsToken(token))
            token = NobodysToken;
        var now = clock.GetUtcNow();
        if (_copies.TryGet(token, out var copy))
        {
            return now - copy.CheckedAt < CheckDue
                ? new(new Finding(copy.View))
                : new(FreshenAsync(token, copy, cancellation));
        }

        if (_unknown.TryGet(token, out var miss) && now - miss.At < UnknownFor)
            return new(Finding.Unknown);
        return new(SearchAsync(token).WaitAsync(cancellation));
    }

    /// <summary>Brings what has just been stored to readers of this process: those views that they look at.</summary>
    public void Refresh(IEnumerable<PublicPayment> views)
    {
        var now = clock.GetUtcNow();
        foreach (var view in views)
        {
            if (_copies.TryGet(view.Token, out _) || watchers.IsWatched(view.Token))
                Keep(view, now);
            else
                _unknown.Remove(view.Token);
        }
    }

    /// <summary>Looks at what another replica has stored: those views that are looked at here.</summary>
    public async Task CatchUpAsync(IEnumerable<string> tokens, CancellationToken cancellation)
    {
        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in tokens)
        {
            if (_copies.TryGet(token, out _) || watchers.IsWatched(token))
                held.Add(token);
            else
                _unknown.Remove(token);
        }

        if (held.Count > 0)
            Refresh(await table.FindAsync([.. held], cancellation));
    }

    private async Task<Finding> FreshenAsync(string token, ViewCopy copy, CancellationToken cancellation)
    {
        try
        {
            await SearchAsync(token).WaitAsync(Patience, clock, cancellation);
        }
        catch (Exception failure) when (failure is TimeoutException or DbException)
        {
            LogServedStale(failure.GetType().Name);
        }

        return new Finding(copy.View);
    }

    /// <summary>
    /// The search belongs to all who wait for it, so no single reader's token cancels it; its parts have time limits.
    /// </summary>
    private Task<Finding> SearchAsync(string token) =>
        _searches.GetOrAdd(
            token, static (key, self) => new Lazy<Task<Finding>>(() => self.SearchOnceAsync(key)), this).Value;

    private async Task<Finding> SearchOnceAsync(string token)
    {
        try
        {
            var stored = await table.FindAsync(token, CancellationToken.None);
            var now = clock.GetUtcNow();
            if (stored is null)
                return await ReadThroughAsync(token);
            var copy = Keep(stored.View, stored.UpdatedAt);
            return IsOpen(copy.View) && now - copy.NewsAt >= NewsDue
                ? await ReadThroughAsync(token, copy)
                : new Finding(copy.View);
        }
        finally
        {
            _searches.TryRemove(token, out _);
        }
    }

    private async Task<Finding> ReadThroughAsync(string token, ViewCopy? copy = null)
    {
        switch (await payments.AskAsync(token))
        {
            case PaymentsAnswer.Found { View: var view }:
                if (copy is null || view.IsNewerThan(copy.View))
                    await table.StoreAsync([view], CancellationToken.None);
                return new Finding(Keep(view, clock.GetUtcNow()).View);
            case PaymentsAnswer.Unknown when copy is null:
                var miss = new Miss(clock.GetUtcNow());
                _unknown.Remove(token);
                _unknown.GetOrAdd(token, miss);
                return Finding.Unknown;
            default:
                return copy is null ? Finding.Unavailable : new Finding(copy.View);
        }
    }

    private ViewCopy Keep(PublicPayment view, DateTimeOffset newsAt)
    {
        var now = clock.GetUtcNow();
        var fresh = new ViewCopy(view, newsAt, now);
        var copy = _copies.GetOrAdd(view.Token, fresh);
        if (copy.Offer(view, newsAt, now) || ReferenceEquals(copy, fresh))
            watchers.Announce(view.Token);
        return copy;
    }

    /// <summary>Open: the next change is likely soon, and a payer may be waiting for it.</summary>
    private static bool IsOpen(PublicPayment view) => view.Status is "Pending" or "Paid";

    private static bool IsToken(string token) =>
        token.Length is > 24 and <= 64 && token.StartsWith("pst_", StringComparison.Ordinal)
        && token.AsSpan(4).IndexOfAnyExceptInRange('0', 'z') < 0;

    [LoggerMessage(LogLevel.Warning, "A view could not be checked in time ({Reason}); the copy in memory is served")]
    private partial void LogServedStale(string reason);

    private sealed record Miss(DateTimeOffset At);
}

/// <summary>A view, or why there is none: nobody knows the token, or Payments could not be asked.</summary>
public readonly record struct Finding(PublicPayment? View, bool IsUnavailable = false)
{
    public static readonly Finding Unknown;

    public static readonly Finding Unavailable = new(null, IsUnavailable: true);
}
