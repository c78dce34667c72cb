using System.Numerics;
using Kobbopay.Contracts;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>
/// A chain that does what no simulator chain does: it falls behind, becomes shorter, contradicts itself.
/// </summary>
internal sealed class ScriptedRail : IRail
{
    /// <summary>The canonical chain; a block's position is its height.</summary>
    public List<Block> Blocks { get; set; } = [];

    public string Network => SimulatorRail.Name;

    public string NetworkName => "Scripted";

    public string Kind => "scripted";

    public long? ChainId => null;

    public bool Experimental => false;

    public string Environment => MerchantEnvironments.Test;

    public bool HasSandboxClock => false;

    public IReadOnlyList<RailAsset> Assets => [];

    /// <summary>Blocks of one fork after a parent.</summary>
    public static IEnumerable<Block> Fork(string name, Block? parent, int count, DateTimeOffset time)
    {
        for (var i = 0; i < count; i++)
        {
            var number = (parent?.Number ?? -1) + 1;
            parent = new Block(number, $"{name}{number}", parent?.Hash ?? string.Empty, time, []);
            yield return parent;
        }
    }

    public Task<ChainSlice> ReadAsync(string chain, long fromBlock, int limit, CancellationToken cancellation) =>
        Task.FromResult(new ChainSlice(Blocks.Count - 1, [.. Blocks.Skip((int)fromBlock).Take(limit)]));

    public Task<IReadOnlyList<string>> ChainsWithNewsAsync(int limit, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    public string ChainOf(Guid merchantId, string environment) => throw new NotSupportedException();

    public string AddressSeriesOf(Payee payee) => throw new NotSupportedException();

    public DepositAddress AddressAt(Payee payee, long index) =>
        throw new NotSupportedException();

    public string PaymentUri(RailAsset asset, string address, BigInteger amount) => throw new NotSupportedException();

    public string? ExplorerUrl(string txHash) => null;
}
