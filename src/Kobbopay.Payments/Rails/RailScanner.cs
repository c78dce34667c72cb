using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// Scans every chain that may have news or payments to expire. Replicas share the chains: each is scanned by whoever
/// holds its cursor at the moment. A chain that can't be read holds up none of the others.
/// </summary>
public sealed partial class RailScanner(
    RailCatalog rails,
    ChainScan scan,
    NpgsqlDataSource database,
    Signal<RailScanner> signal,
    TimeProvider clock,
    ILogger<RailScanner> logger) : BackgroundLoop(clock, logger)
{
    /// <summary>Chains of one network looked at in one turn.</summary>
    private const int ChainLimit = 100;

    private readonly ILogger _logger = logger;

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var more = false;
        var failures = new List<Exception>();
        foreach (var (rail, chain) in await ChainsAsync(cancellation))
        {
            try
            {
                more |= await scan.RunAsync(rail, chain, cancellation);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                LogChainFailure(_logger, failure, chain);
                failures.Add(failure);
            }
        }

        return failures.Count == 0 ? more : throw new AggregateException("Not every chain could be scanned", failures);
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
        foreach (var (chain, network) in expiring)
            chains.Add((rails.Of(network), chain));
        return chains;
    }

    [LoggerMessage(LogLevel.Error, "The chain {Chain} could not be scanned")]
    private static partial void LogChainFailure(ILogger logger, Exception failure, string chain);
}
