using System.Numerics;
using Kobbopay.Payments.Rails.Simulator;
using Npgsql;

namespace Kobbopay.Payments.Sandbox;

/// <summary>
/// Where a step is played: the payment as it stands, and its chain, moved in the step's own transaction.
/// </summary>
/// <param name="InStepFor">Time since the step before was done.</param>
internal sealed record ScenarioStage(
    PaymentRecord Payment,
    TimeSpan InStepFor,
    NpgsqlConnection Connection,
    SimulatorChain Chain,
    TimeProvider Clock)
{
    /// <summary>Longer than any script waits; whoever breaks a provider mends it.</summary>
    private static readonly TimeSpan LongestOutage = TimeSpan.FromMinutes(10);

    private string Name => Payment.Details.Chain;

    /// <summary>One transaction with a transfer for each amount, mined.</summary>
    public Task PayAsync(IReadOnlyList<BigInteger> amounts, CancellationToken cancellation)
    {
        var txHash = NewTransfer.NewTxHash();
        var (contract, address) = (Payment.Details.Contract, Payment.Details.DepositAddress);
        return Chain.MineAsync(
            Name,
            1,
            [.. amounts.Select(amount => new NewTransfer(txHash, contract, address, amount))],
            cancellation,
            within: Connection);
    }

    public Task MineAsync(int blocks, CancellationToken cancellation) => blocks == 0
        ? Task.CompletedTask
        : Chain.MineAsync(Name, Math.Min(blocks, SimulatorChain.BlockLimit), [], cancellation, within: Connection);

    /// <summary>
    /// Replaces the blocks from the one on that holds the payment's first transaction, with or without the payment's
    /// own transactions; everybody else's are mined again. Nothing when there are none, or too long ago.
    /// </summary>
    public async Task ReorgAsync(bool drop, CancellationToken cancellation)
    {
        var held = await SimulatorChain.HoldAsync(Connection, Name, cancellation);
        var (txHashes, oldest) = await SimulatorChain.TransactionsToAsync(
            Connection, Name, Payment.Details.DepositAddress, cancellation);
        var depth = held.Head.Number - oldest + 1;
        if (oldest < 0 || depth > SimulatorChain.ReorgLimit)
            return;
        await Chain.ReorgAsync(
            Name,
            (int)depth,
            drop ? DroppedTransactions.These(txHashes) : DroppedTransactions.None,
            cancellation,
            within: Connection);
    }

    /// <summary>
    /// Moves the sandbox's clock past the end of the payment's window, or mines when it is there already.
    /// </summary>
    public async Task PassWindowAsync(CancellationToken cancellation)
    {
        var held = await SimulatorChain.HoldAsync(Connection, Name, cancellation);
        var left = Payment.State.Terms.ExpiresAt - (Clock.Now() + held.Offset);
        if (left < TimeSpan.Zero)
        {
            await MineAsync(1, cancellation);
            return;
        }

        var by = TimeSpan.FromSeconds(Math.Ceiling(left.TotalSeconds) + 1);
        await Chain.AdvanceAsync(Name, by, cancellation, within: Connection);
    }

    public Task SetProviderAsync(ProviderMode mode, CancellationToken cancellation) => Chain.SetProviderAsync(
        Name,
        mode,
        mode == ProviderMode.Ok ? null : Clock.Now() + LongestOutage,
        cancellation,
        within: Connection);
}
