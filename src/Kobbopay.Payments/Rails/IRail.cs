using System.Numerics;
using Kobbopay.Payments.Rails.Evm;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// A network driver (contracts.md, section 7). The one interface of the house with several implementations as its
/// point: the simulator now, EVM networks beside it.
/// </summary>
public interface IRail
{
    /// <summary>The network's public name, <c>example-network</c>.</summary>
    string Network { get; }

    /// <summary>The name that people read.</summary>
    string NetworkName { get; }

    /// <summary>Which driver it is: <c>simulator</c>, <c>evm</c>.</summary>
    string Kind { get; }

    /// <summary>The network's number among EVM networks (EIP-155); null elsewhere.</summary>
    long? ChainId { get; }

    /// <summary>Not yet run against a real node of this network.</summary>
    bool Experimental { get; }

    /// <summary>The environment whose payments may use it: test money and real money never share a network.</summary>
    string Environment { get; }

    /// <summary>Its payments are paid to addresses of the merchant's xpub.</summary>
    bool NeedsXpub => false;

    /// <summary>Time between two looks for news.</summary>
    TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    /// <summary>How long its provider may fail or be behind before payments say that detection is delayed.</summary>
    TimeSpan ToleratedSilence => TimeSpan.FromSeconds(30);

    /// <summary>Blocks remembered per chain: the deepest reorganisation that can be followed.</summary>
    int ReorgLimit => ChainCursor.UsualReorgLimit;

    /// <summary>Its blocks have the time of the merchant's sandbox clock, which the merchant can move.</summary>
    bool HasSandboxClock { get; }

    IReadOnlyList<RailAsset> Assets { get; }

    /// <summary>
    /// The chain that holds a merchant's payments on this network, the scanner's unit of work: one for everybody on a
    /// real network, one for each merchant in the simulator.
    /// </summary>
    string ChainOf(Guid merchantId, string environment);

    /// <summary>
    /// The series that address indexes are taken from: unique per xpub, so that no index is ever used twice.
    /// </summary>
    string AddressSeriesOf(Payee payee);

    DepositAddress AddressAt(Payee payee, long index);

    /// <summary>The address of an xpub's child <c>0/index</c>, where the network <see cref="NeedsXpub"/>.</summary>
    string AddressOf(ExtendedPublicKey xpub, long index) => throw new NotSupportedException();

    /// <summary>What a wallet opens to pay; <paramref name="amount"/> in base units.</summary>
    string PaymentUri(RailAsset asset, string address, BigInteger amount);

    string? ExplorerUrl(string txHash);

    /// <summary>
    /// Whether a payment in this asset, made now, would be seen: the configuration agrees with the network as far as is
    /// known, and its chain is being followed.
    /// </summary>
    bool IsReady(RailAsset asset) => true;

    /// <summary>
    /// A step of every replica before it looks for news: a driver holds its configuration against the network here. A
    /// provider that is away is no failure.
    /// </summary>
    Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>
    /// Chains that may hold blocks which the scanner has not taken in; a real network has one chain. At most
    /// <paramref name="limit"/>, and over time each of them. It never asks a provider: that one may be away.
    /// </summary>
    Task<IReadOnlyList<string>> ChainsWithNewsAsync(int limit, CancellationToken cancellation);

    /// <summary>Where the first scan of a chain begins: no payment can have been paid before.</summary>
    /// <exception cref="RailUnavailableException">No provider gives an answer.</exception>
    Task<long> FirstBlockAsync(string chain, CancellationToken cancellation) => Task.FromResult(0L);

    /// <summary>
    /// The canonical chain from a height on, at most <paramref name="limit"/> blocks, with every transfer of this
    /// network's assets in them. Consistent in itself: each block's parent is the one before it.
    /// </summary>
    /// <exception cref="RailUnavailableException">No provider gives an answer.</exception>
    Task<ChainSlice> ReadAsync(string chain, long fromBlock, int limit, CancellationToken cancellation);

    /// <summary>
    /// What addresses own at a height in the network's own currency, in base units; null where scans miss none of its
    /// transfers, so that there is nothing to compare.
    /// </summary>
    /// <exception cref="RailUnavailableException">No provider gives an answer.</exception>
    Task<IReadOnlyDictionary<string, BigInteger>?> BalancesAsync(
        IReadOnlyCollection<string> addresses, long block, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, BigInteger>?>(null);
}

/// <summary>Who is paid.</summary>
/// <param name="Xpub">The merchant's key on this network, where the network wants one.</param>
public sealed record Payee(Guid MerchantId, string Environment, ExtendedPublicKey? Xpub);

/// <summary>A currency on a network; (network, currency) is unique. Amounts are base units.</summary>
/// <param name="Contract">The token's contract; null for what has none.</param>
/// <param name="RequiredConfirmations">For any amount below the first tier.</param>
/// <param name="Tiers">
/// More confirmations from an amount on, ascending; empty where every amount needs the same.
/// </param>
/// <param name="Enabled">Takes new payments; what exists is scanned either way.</param>
/// <param name="NeedsFinality">Besides its confirmations a transfer has to be in a block that the network calls
/// finalized.</param>
public sealed record RailAsset(
    string Currency,
    string? Contract,
    int Decimals,
    BigInteger Minimum,
    BigInteger Maximum,
    int RequiredConfirmations,
    IReadOnlyList<ConfirmationTier> Tiers,
    bool Enabled = true,
    bool NeedsFinality = false)
{
    public int MostConfirmations => Tiers.Select(tier => tier.Confirmations).Append(RequiredConfirmations).Max();

    public int ConfirmationsFor(BigInteger amount) =>
        Tiers.LastOrDefault(tier => amount >= tier.From)?.Confirmations ?? RequiredConfirmations;

    /// <summary>An amount in the currency's unit as base units, rounded down where it has more decimals.</summary>
    public BigInteger? ToUnits(decimal? amount)
    {
        if (amount is not { } value)
            return null;
        var whole = decimal.Truncate(value);
        var scale = BigInteger.Pow(10, Decimals);
        // A decimal's fraction has 28 digits at most, so that this is exact before the division.
        var fraction = new BigInteger((value - whole) * 1e28m);
        return (new BigInteger(whole) * scale) + (fraction * scale / BigInteger.Pow(10, 28));
    }
}

/// <param name="From">Amounts of so many base units and more.</param>
public sealed record ConfirmationTier(BigInteger From, int Confirmations);

/// <param name="Path">Derivation path below the account, <c>0/17</c>.</param>
/// <param name="XpubFingerprint">Which xpub it comes from; null where there is none (the simulator).</param>
public sealed record DepositAddress(string Address, string Path, string? XpubFingerprint);

/// <param name="Head">Height of the newest block; -1 for a chain without blocks.</param>
/// <param name="Behind">The provider itself says that the network has gone on without it.</param>
/// <param name="Finalized">Height of the newest block that the network calls finalized; null where it has none.</param>
public sealed record ChainSlice(
    long Head, IReadOnlyList<Block> Blocks, bool Behind = false, long? Finalized = null);

/// <summary>A chain can't be read now. It is tried again, and nothing but time is lost.</summary>
public class RailUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <param name="TraceParent">The W3C trace that made it, where that is known (the simulator).</param>
public sealed record Block(
    long Number,
    string Hash,
    string ParentHash,
    DateTimeOffset Time,
    IReadOnlyList<TokenTransfer> Transfers,
    string? TraceParent = null);

/// <summary>A successful transfer in a block.</summary>
/// <param name="LogIndex">Its place among the block's logs, or <see cref="NoLog"/>.</param>
/// <param name="Contract">The token's contract; null for what has none.</param>
public sealed record TokenTransfer(string TxHash, int LogIndex, string? Contract, string Recipient, BigInteger Amount)
{
    /// <summary>A transfer of a network's own currency leaves none.</summary>
    public const int NoLog = -1;
}
