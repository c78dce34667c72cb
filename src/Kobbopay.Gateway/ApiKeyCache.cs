using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.Gateway;

/// <summary>
/// What Payments said of API keys, by hash. An answer counts from the moment of asking; only one question for a key is
/// under way at a time; a failed one is not kept. Known and unknown keys are held apart, so that a flood of invented
/// ones can't push a merchant's out. Once a change is told, no answer of an older version is kept or given any more.
/// </summary>
public sealed class ApiKeyCache(
    Func<string, CancellationToken, Task<ApiKeyDescription?>> lookUp, IdentityIssuer issuer, TimeProvider clock)
{
    public static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(5);

    /// <summary>Keys held at most, of either kind.</summary>
    public const int Limit = 20_000;

    /// <summary>Questions for one key in a row, when a change overtakes the answers.</summary>
    private const int Questions = 3;

    private static readonly TimeSpan LookUpTimeout = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, KnownKey> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _unknown = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Change> _changes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<KnownKey?>>> _running = new(StringComparer.Ordinal);

    /// <summary>Keys held now.</summary>
    public int Count => _known.Count + _unknown.Count;

    /// <summary>Null for a key that was never issued or is revoked.</summary>
    /// <exception cref="HttpRequestException">Payments can't be asked, and the key is not held.</exception>
    /// <exception cref="OperationCanceledException">The same, by time-out; or the caller has gone.</exception>
    public ValueTask<KnownKey?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(hash, out var known) && clock.GetElapsedTime(known.AskedAt) < KnownFor)
            return new ValueTask<KnownKey?>(known);
        if (_unknown.TryGetValue(hash, out var askedAt) && clock.GetElapsedTime(askedAt) < UnknownFor)
            return new ValueTask<KnownKey?>((KnownKey?)null);

        var running = _running.GetOrAdd(
            hash, key => new Lazy<Task<KnownKey?>>(() => LookUpAsync(key)));
        return new ValueTask<KnownKey?>(running.Value.WaitAsync(cancellationToken));
    }

    /// <summary>Whether Payments has described this key lately, if not lately enough to count.</summary>
    public bool Holds(string hash) => _known.ContainsKey(hash);

    /// <summary>Payments tells that the key has this version now: whatever is held of it is dropped.</summary>
    public void Drop(string hash, int version)
    {
        MakeRoom(_changes, change => clock.GetElapsedTime(change.ToldAt) >= KnownFor);
        // Before the drop: an answer that is being stored sees either this or is dropped with the rest.
        _changes.AddOrUpdate(
            hash,
            new Change(version, clock.GetTimestamp()),
            (_, told) => new Change(Math.Max(told.Version, version), clock.GetTimestamp()));
        _unknown.TryRemove(hash, out _);
        if (_known.TryGetValue(hash, out var held) && held.Description.Version < version)
            _known.TryRemove(KeyValuePair.Create(hash, held));
    }

    /// <summary>Not ended by the caller who asked first: others wait for the same answer.</summary>
    private async Task<KnownKey?> LookUpAsync(string hash)
    {
        // Never finish before the caller has stored this task, or it would stay stored for ever.
        await Task.Yield();
        try
        {
            using var timeout = new CancellationTokenSource(LookUpTimeout, clock);
            for (var i = 0; i < Questions; i++)
            {
                var askedAt = clock.GetTimestamp();
                var answer = await lookUp(hash, timeout.Token) is { } description
                    ? KeepKnown(hash, new KnownKey(hash, description, askedAt, issuer))
                    : KeepUnknown(hash, askedAt);
                if (!IsOvertaken(hash, answer, askedAt))
                    return answer;
                _unknown.TryRemove(hash, out _);
                if (answer is not null)
                    _known.TryRemove(KeyValuePair.Create(hash, answer));
            }

            throw new HttpRequestException("Payments told of a change that its answers don't show");
        }
        finally
        {
            _running.TryRemove(hash, out _);
        }
    }

    /// <summary>An answer of a version is known to be old; "no such key" can only be older than the change.</summary>
    private bool IsOvertaken(string hash, KnownKey? answer, long askedAt) =>
        _changes.TryGetValue(hash, out var change)
        && (answer is null ? change.ToldAt > askedAt : answer.Description.Version < change.Version);

    /// <summary>A slow answer never replaces a newer version of the key.</summary>
    private KnownKey KeepKnown(string hash, KnownKey answer)
    {
        MakeRoom(_known, key => clock.GetElapsedTime(key.AskedAt) >= KnownFor);
        _unknown.TryRemove(hash, out _);
        return _known.AddOrUpdate(
            hash, answer, (_, held) => held.Description.Version > answer.Description.Version ? held : answer);
    }

    private KnownKey? KeepUnknown(string hash, long askedAt)
    {
        MakeRoom(_unknown, asked => clock.GetElapsedTime(asked) >= UnknownFor);
        _known.TryRemove(hash, out _);
        _unknown[hash] = askedAt;
        return null;
    }

    /// <summary>
    /// Drops what is over, and, if that is not enough, any tenth: a dropped key only costs a question.
    /// </summary>
    private static void MakeRoom<T>(ConcurrentDictionary<string, T> held, Func<T, bool> isOver)
    {
        if (held.Count < Limit)
            return;

        foreach (var (hash, value) in held)
        {
            if (isOver(value))
                held.TryRemove(hash, out _);
        }

        if (held.Count < Limit)
            return;

        foreach (var (hash, _) in held.Take(Limit / 10))
            held.TryRemove(hash, out _);
    }

    private sealed record Change(int Version, long ToldAt);
}
