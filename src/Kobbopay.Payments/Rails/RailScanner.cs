using System.Data.Common;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// Scans every chain of one network that may have news or payments to expire, and those that failed the last time.
/// Each network has a loop of its own, so that a provider that does not answer holds up no other network. Replicas
/// share the chains: each is scanned by whoever holds its cursor at the moment. A chain that can't be read is not this
/// loop's failure: <see cref="ChainDelay"/> records it.
/// </summary>
public sealed partial class RailScanner(
    IRail rail,
    ChainScan scan,
    ChainDelay delay,
    NpgsqlDataSource database,
    Signal<RailScanner> signal,
    TimeProvider clock,
    ILogger<RailScanner> logger) : BackgroundLoop(clock, logger)
{
    /// <summary>Chains looked at in one turn.</summary>
    private const int ChainLimit = 100;

    /// <summary>
    /// A provider that does not answer by then is taken for failing, so that the other chains get on.
    /// </summary>
    private static readonly TimeSpan ScanLimit = TimeSpan.FromSeconds(20);

    private readonly ILogger _logger = logger;

    protected override TimeSpan Interval => rail.PollInterval;

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var more = false;
        await rail.PrepareAsync(cancellation);
        foreach (var chain in await ChainsAsync(cancellation))
            more |= await ScanAsync(chain, cancellation);
        return await delay.SettleAsync(rail.Network, ChainLimit, cancellation) || more;
    }

    private async Task<bool> ScanAsync(string chain, CancellationToken cancellation)
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
            Log(failure, chain, await delay.FailedAsync(rail, chain, cancellation));
        }

        return false;
    }

    private async Task<IEnumerable<string>> ChainsAsync(CancellationToken cancellation)
    {
        var news = await rail.ChainsWithNewsAsync(ChainLimit, cancellation);
        var expiring = await ExpirePayments.ChainsAsync(
            database, rail.Network, Clock.Now(), ChainLimit, cancellation);
        var failing = await ChainDelay.FailingAsync(database, rail.Network, ChainLimit, cancellation);
        return news.Concat(expiring).Concat(failing).Distinct(StringComparer.Ordinal);
    }

    /// <summary>
    /// What a provider does heals itself until it has lasted too long; anything else is ours to look at. Where clocks
    /// are merchants' own, so are failures.
    /// </summary>
    private void Log(Exception failure, string chain, ChainTrouble trouble)
    {
        if (failure is not (RailUnavailableException or OperationCanceledException))
            LogFailure(_logger, failure, chain);
        else if (trouble == ChainTrouble.Delayed && !rail.HasSandboxClock)
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
