using System.Diagnostics.Metrics;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <param name="Head">Its newest block.</param>
/// <param name="Behind">The network is known to have gone on without this provider.</param>
internal sealed record ChosenProvider(EvmClient Client, EvmBlock Head, bool Behind);

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

/// <summary>
/// One network's providers: which of them is to be read from now. What it knows lives as long as the process and
/// decides nothing that lasts.
/// </summary>
internal sealed class ProviderPool : IDisposable
{
    public ProviderPool(
        string network,
        IReadOnlyList<Uri> urls,
        long chainId,
        TimeProvider clock,
        IMeterFactory meters,
        ILogger<ProviderPool> logger)
    {
        _ = (network, urls, chainId, clock, meters, logger);
    }

    /// <summary>For pages of health, in the order of the configuration.</summary>
    public IReadOnlyList<ProviderStatus> States { get; } = [];

    /// <summary>Asks all that are not left alone for their newest block, and says which one to read from.</summary>
    /// <exception cref="ProviderException">None can be read from, or they disagree.</exception>
    public Task<ChosenProvider> ChooseAsync(CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>The chosen provider has failed the reader: the next choice is another one.</summary>
    public void Failed(EvmClient client, ProviderException failure) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
