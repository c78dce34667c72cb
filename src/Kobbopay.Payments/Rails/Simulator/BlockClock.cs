using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>
/// Makes the simulator move by itself (<c>Simulator:BlockInterval</c>): every chain with a pending or a paid payment
/// gets a block when its last one is that old, whichever replica comes first. Without the setting it moves only when
/// told to.
/// </summary>
public sealed class BlockClock(
    NpgsqlDataSource database,
    SimulatorChain chains,
    Signal<RailScanner> scanner,
    IConfiguration configuration,
    TimeProvider clock,
    ILogger<BlockClock> logger) : BackgroundLoop(clock, logger)
{
    public const string IntervalKey = "Simulator:BlockInterval";

    /// <summary>Chains moved in one turn.</summary>
    private const int ChainLimit = 100;

    private readonly TimeSpan _blockInterval = configuration.GetValue<TimeSpan>(IntervalKey);

    protected override TimeSpan Interval => _blockInterval / 4;

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var due = await DueAsync(cancellation);
        foreach (var chain in due)
            await chains.MineAsync(chain, 1, [], cancellation);
        if (due.Count > 0)
            scanner.Set();
        return due.Count == ChainLimit;
    }

    /// <summary>A merchant's chain has the name of its series of addresses, which the first payment begins.</summary>
    private async Task<List<string>> DueAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select a.series from address_series a left join simulator_chains c on c.chain = a.series
            where starts_with(a.series, $1) and (c.chain is null or c.head_time <= $2)
              and (exists (select from payments p where p.chain = a.series and p.status = 'Pending')
                or exists (select from payments p where p.chain = a.series and p.status = 'Paid'))
            order by c.head_time limit $3
            """);
        command.Parameters.AddText($"{SimulatorRail.Name}:");
        command.Parameters.AddTime(Clock.Now() - _blockInterval);
        command.Parameters.AddInteger(ChainLimit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAllAsync(chain => chain.GetString(0), cancellation);
    }
}
