namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>What is known of a provider.</summary>
/// <param name="Number">The place in the configuration, from 1.</param>
/// <param name="Head">Height of the newest block that it has shown.</param>
/// <param name="Since">Since when it has been in this state.</param>
/// <param name="Failure">Kind of the last failure, of a provider that fails.</param>
internal sealed record ProviderStatus(
    int Number, string Host, ProviderState State, long? Head, DateTimeOffset Since, string? Failure);

internal enum ProviderState
{
    /// <summary>Not asked yet.</summary>
    Unknown,
    Good,

    /// <summary>Left alone for a while after a failure.</summary>
    Failing,
    WrongChain,
    Lagging,

    /// <summary>It shows another chain than most others, or nobody knows which one is right.</summary>
    Disagreeing,
}

/// <summary>What a vote has made of a provider, until the next one.</summary>
internal enum Standing
{
    Sound,

    /// <summary>Its vote was one of several that none of had a majority.</summary>
    Disputed,

    /// <summary>A majority was against it.</summary>
    Lost,
}

/// <summary>One provider of a pool and what the pool has to remember of it.</summary>
internal sealed class Provider(EvmClient client, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(1);

    /// <summary>A failure is the first again after so long without one.</summary>
    private static readonly TimeSpan ForgivenAfter = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan WrongChainAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _change = new();
    private int _failures;
    private DateTimeOffset _lastFailure;
    private DateTimeOffset _leftAloneUntil;
    private DateTimeOffset? _outOfStepSince;

    private volatile ProviderStatus _status =
        new(client.Number, client.Host, ProviderState.Unknown, Head: null, clock.GetUtcNow(), Failure: null);

    public EvmClient Client => client;

    public ProviderStatus Status => _status;

    public bool IsLeftAlone
    {
        get
        {
            lock (_change)
                return clock.GetUtcNow() < _leftAloneUntil;
        }
    }

    /// <summary>Its chain is known to be the right one, since it last failed.</summary>
    public bool IsVerified { get; private set; }

    public Standing Standing { get; set; }

    /// <summary>The newest block, of a provider that has just shown it.</summary>
    public EvmBlock Head { get; private set; } = null!;

    public void Dispose() => client.Dispose();

    public void Shows(EvmBlock head)
    {
        lock (_change)
        {
            Head = head;
            IsVerified = true;
            _status = _status with { Head = head.Number };
        }
    }

    /// <returns>For how long its head has been too far from that of the others.</returns>
    public TimeSpan OutOfStep(bool isOut)
    {
        var now = clock.GetUtcNow();
        _outOfStepSince = isOut ? _outOfStepSince ?? now : null;
        return now - (_outOfStepSince ?? now);
    }

    /// <summary>Leaves it alone for a while: twice as long each time, or as long as it asks for.</summary>
    /// <returns>Whether it is news that it fails.</returns>
    public bool Fails(ProviderException failure)
    {
        lock (_change)
        {
            var now = clock.GetUtcNow();
            _failures = now - _lastFailure > ForgivenAfter ? 1 : _failures + 1;
            _lastFailure = now;
            var backOff = failure.Kind == ProviderException.WrongChain
                ? WrongChainAgain
                : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, _failures - 1), LongestBackOff.TotalSeconds));
            _leftAloneUntil = now + (failure.RetryAfter > backOff ? failure.RetryAfter.Value : backOff);
            IsVerified = false;
        }

        return Becomes(
            failure.Kind == ProviderException.WrongChain ? ProviderState.WrongChain : ProviderState.Failing,
            failure.Kind);
    }

    /// <returns>Whether that is another state than before.</returns>
    public bool Becomes(ProviderState state, string? failure = null)
    {
        lock (_change)
        {
            var before = _status;
            var changed = before.State != state;
            var since = changed ? clock.GetUtcNow() : before.Since;
            _status = before with { State = state, Since = since, Failure = failure };
            return changed;
        }
    }
}
