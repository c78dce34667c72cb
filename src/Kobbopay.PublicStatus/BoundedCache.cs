using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Kobbopay.PublicStatus;

/// <summary>
/// Keeps at most <paramref name="limit"/> values, those used last. Two generations: when the young one holds half of
/// the limit it becomes the old one and the former old one is dropped; a value found in the old one moves to the young
/// one. So eviction costs nothing per read, takes no lock that readers share, and never runs behind.
/// </summary>
public sealed class BoundedCache<TValue>(int limit)
    where TValue : class
{
    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<string, TValue> _young = new(StringComparer.Ordinal);
    private volatile ConcurrentDictionary<string, TValue> _old = new(StringComparer.Ordinal);
    private int _younger;

    /// <summary>Values held; exact only while nobody writes.</summary>
    public int Count => _young.Count + _old.Count;

    public bool TryGet(string key, [NotNullWhen(true)] out TValue? value)
    {
        if (_young.TryGetValue(key, out value))
            return true;
        if (!_old.TryRemove(key, out value))
            return false;
        value = Add(key, value);
        return true;
    }

    /// <summary>The value that is there, or else <paramref name="value"/>, which now is.</summary>
    public TValue GetOrAdd(string key, TValue value) => TryGet(key, out var present) ? present : Add(key, value);

    public void Remove(string key)
    {
        _old.TryRemove(key, out _);
        if (_young.TryRemove(key, out _))
            Interlocked.Decrement(ref _younger);
    }

    private TValue Add(string key, TValue value)
    {
        var young = _young;
        if (!young.TryAdd(key, value))
            return young.TryGetValue(key, out var present) ? present : value;
        // ConcurrentDictionary.Count takes all of its locks, so the size is counted beside it.
        if (Interlocked.Increment(ref _younger) >= limit / 2)
            Turn(young);
        return value;
    }

    private void Turn(ConcurrentDictionary<string, TValue> full)
    {
        lock (_turning)
        {
            if (!ReferenceEquals(full, _young))
                return;
            _old = full;
            _young = new ConcurrentDictionary<string, TValue>(StringComparer.Ordinal);
            _younger = 0;
        }
    }
}
