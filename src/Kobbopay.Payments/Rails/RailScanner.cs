using System.Data.Common;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// Scans every chain that may have news or payments to expire, and those that failed the last time. Replicas share the
/// chains: each is scanned by whoever holds its cursor at the moment. A chain that can't be read holds up none of the
/// others, nor is it this loop's failure: <see cref="ChainDelay"/> records it.
/// </summary>
public sealed partial class RailScanner(
    RailCatalog rails,
    ChainScan scan,
    ChainDelay delay,
    NpgsqlDataSource database,
    Signal<RailScanner> signal,
    TimeProvider clock,
    ILogger<RailScanner> logger) : BackgroundLoop(clock, logger)
{
    /// <summary>Chains of one network looked at in one turn.</summary>
    private const int ChainLimit = 100;

    /// <summary>
    /// A provider that does not answer by then is taken for failing, so that the other chains get on.
    /// </summary>
    private static readonly TimeSpan ScanLimit = TimeSpan.FromSeconds(20);

    private readonly ILogger _logger = logger;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var more = false;
        foreach (var (rail, chain) in await ChainsAsync(cancellation))
            more |= await ScanAsync(rail, chain, cancellation);
        return await delay.SettleAsync(ChainLimit, cancellation) || more;
    }

    private async Task<bool> ScanAsync(IRail rail, string chain, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(ScanLimit, Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await scan.RunAsync(rail, chain, either.Token);
        }
        catch (DbException ours) when (ours.IsTransient)
        {
            LogInterrupted(_logger, ours, chain);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Log(failure, chain, await delay.FailedAsync(rail, chain, cancellation), rail.TestOnly);
        }

        return false;
    }

    private async Task<HashSet<(IRail Rail, string Chain)>> ChainsAsync(CancellationToken cancellation)
    {
        var chains = new HashSet<(IRail, string)>();
        foreach (var rail in rails.All)
        {
            foreach (var chain in await rail.ChainsWithNewsAsync(ChainLimit, cancellation))
                chains.Add((rail, chain));
        }

        var expiring = await ExpirePayments.ChainsAsync(database, Clock.Now(), ChainLimit, cancellation);
        var failing = await ChainDelay.FailingAsync(database, ChainLimit, cancellation);
        foreach (var (chain, network) in expiring.Concat(failing))
            chains.Add((rails.Of(network), chain));
        return chains;
    }

    /// <summary>
    /// What a provider does heals itself until it has lasted too long; anything else is ours to look at. In the
    /// sandbox, merchants make providers fail.
    /// </summary>
    private void Log(Exception failure, string chain, ChainTrouble trouble, bool testOnly)
    {
        if (failure is not (RailUnavailableException or OperationCanceledException))
            LogFailure(_logger, failure, chain);
        else if (trouble == ChainTrouble.Delayed && !testOnly)
            LogDelayed(_logger, failure, chain);
        else if (trouble != ChainTrouble.Old)
            LogUnavailable(_logger, failure, chain);
    }

    [LoggerMessage(LogLevel.Error, "The chain {Chain} could not be scanned")]
    private static partial void LogFailure(ILogger logger, Exception failure, string chain);

    [LoggerMessage(LogLevel.Error, "The chain {Chain} has not been readable for too long; its payments are delayed")]
    private static partial void LogDelayed(ILogger logger, Exception failure, string chain);

    [LoggerMessage(LogLevel.Warning, "The chain {Chain} can't be read now; it is tried again")]
    private static partial void LogUnavailable(ILogger logger, Exception failure, string chain);

    [LoggerMessage(LogLevel.Warning, "The scan of {Chain} was interrupted; it is tried again")]
    private static partial void LogInterrupted(ILogger logger, Exception ours, string chain);
}
