using System.Diagnostics.Metrics;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <param name="Head">Its newest block.</param>
/// <param name="Behind">The network is known to have gone on without this provider.</param>
internal sealed record ChosenProvider(EvmClient Client, EvmBlock Head, bool Behind);

/// <summary>
/// One network's providers, and which of them is to be read from now: the first in the order of the configuration that
/// is in step with the others and of one mind with them. What it knows lives as long as the process and decides nothing
/// that lasts.
/// </summary>
internal sealed partial class ProviderPool : IDisposable
{
    /// <summary>Blocks by which honest providers differ.</summary>
    public const long MaxLag = 3;

    /// <summary>To differ by more for so long is no matter of chance.</summary>
    public static readonly TimeSpan LagGrace = TimeSpan.FromSeconds(15);

    /// <summary>Nor is it, at once, to differ by more than so many.</summary>
    public const long FarOff = 20;

    /// <summary>How long the others still have when one has answered.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly string _network;
    private readonly long _chainId;
    private readonly TimeProvider _clock;
    private readonly ILogger<ProviderPool> _logger;
    private readonly Meter _meter;
    private readonly List<Provider> _providers;
    private readonly ProviderVote _vote;
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>The height that half of the providers had when most of them last answered.</summary>
    private long _reached;

    public ProviderPool(
        string network,
        IReadOnlyList<Uri> urls,
        long chainId,
        TimeProvider clock,
        IMeterFactory meters,
        ILogger<ProviderPool> logger)
    {
        (_network, _chainId, _clock, _logger) = (network, chainId, clock, logger);
        _providers = [.. urls.Select((url, i) => new Provider(new EvmClient(i + 1, url, clock), clock))];
        _vote = new ProviderVote(_providers);
        _meter = meters.Create("Kobbopay.Payments");
        _meter.CreateObservableGauge(
            "kobbopay.rails.provider", Measure, "{provider}", "1 for the state of a network's provider, 0 for others");
    }

    /// <summary>For pages of health, in the order of the configuration.</summary>
    public IReadOnlyList<ProviderStatus> States => [.. _providers.Select(provider => provider.Status)];

    /// <summary>Asks all that are not left alone for their newest block, and says which one to read from.</summary>
    /// <exception cref="ProviderException">None can be read from, or they disagree.</exception>
    public async Task<ChosenProvider> ChooseAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var due = _providers.Where(provider => !provider.IsLeftAlone).ToList();
            var heads = await AskAsync(due, HeadAsync, cancellation);
            foreach (var (provider, head) in heads)
                provider.Shows(head);
            var answering = due.Where(heads.ContainsKey).ToList();
            return await ChooseAsync(answering, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The chosen provider has failed the reader: the next choice is another one.</summary>
    public void Failed(EvmClient client, ProviderException failure) =>
        Fails(_providers.Single(provider => provider.Client == client), failure);

    public void Dispose()
    {
        foreach (var provider in _providers)
            provider.Dispose();
        _meter.Dispose();
        _one.Dispose();
    }

    private async Task<ChosenProvider> ChooseAsync(List<Provider> answering, CancellationToken cancellation)
    {
        var heard = answering.Where(provider => provider.Standing != Standing.Lost).ToList();
        if (heard.Count > 0)
            return await ChooseAsync(answering, heard, cancellation);
        foreach (var provider in answering)
            Judge(provider, isFarOff: false, provider.Head.Number);
        throw Nobody();
    }

    /// <param name="heard">Those of the answering whose word counts.</param>
    private async Task<ChosenProvider> ChooseAsync(
        List<Provider> answering, List<Provider> heard, CancellationToken cancellation)
    {
        // One provider's word for a height is not enough to put most of the others aside.
        var reached = heard.Select(provider => provider.Head.Number).OrderDescending().ElementAt((heard.Count - 1) / 2);
        _reached = heard.Count * 2 > _providers.Count ? reached : Math.Max(_reached, reached);
        List<Provider> inStep = [], farOff = [];
        foreach (var provider in answering)
        {
            var distance = Math.Abs(provider.Head.Number - reached);
            var time = provider.OutOfStep(distance > MaxLag);
            if (distance <= MaxLag)
                inStep.Add(provider);
            else if (distance > FarOff || time > LagGrace)
                farOff.Add(provider);
        }

        await _vote.HoldAsync(
            [.. heard.Except(farOff)],
            [.. inStep.Except(heard)],
            (asked, height) => AskAsync(asked, (provider, limit) => HashAsync(provider, height, limit), cancellation));

        answering.RemoveAll(provider => provider.IsLeftAlone);
        foreach (var provider in answering)
            Judge(provider, farOff.Contains(provider), reached);
        var chosen = answering.Intersect(inStep).FirstOrDefault(provider => provider.Standing == Standing.Sound)
            ?? throw Nobody();
        return new ChosenProvider(chosen.Client, chosen.Head, chosen.Head.Number < _reached - MaxLag);
    }

    private async Task<EvmBlock> HeadAsync(Provider provider, CancellationToken cancellation)
    {
        if (!provider.IsVerified && await provider.Client.ChainIdAsync(cancellation) is var chain && chain != _chainId)
        {
            throw new ProviderException(
                ProviderException.WrongChain, $"Its chain is {chain}, that of {_network} {_chainId}");
        }

        return await provider.Client.LatestAsync(cancellation);
    }

    private static async Task<string> HashAsync(Provider provider, long height, CancellationToken cancellation)
    {
        var blocks = await provider.Client.BlocksAsync(height, height, withTransactions: false, cancellation);
        return blocks is [var block]
            ? block.Hash
            : throw new ProviderException(ProviderException.Malformed, $"It lacks block {height}, below its newest");
    }

    /// <summary>
    /// Asks several at the same time; who fails, or is much slower than another, is not in the answer.
    /// </summary>
    private async Task<Dictionary<Provider, T>> AskAsync<T>(
        List<Provider> asked, Func<Provider, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var asking = asked.ToDictionary(provider => ask(provider, either.Token));
        var answers = new Dictionary<Provider, T>();
        await foreach (var done in Task.WhenEach(asking.Keys))
        {
            try
            {
                answers.Add(asking[done], await done);
                if (answers.Count == 1)
                    patience.CancelAfter(Patience);
            }
            catch (ProviderException failure)
            {
                Fails(asking[done], failure);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                Fails(asking[done], new ProviderException(
                    ProviderException.Timeout, "It is much slower than another provider"));
            }
        }

        return answers;
    }
}
