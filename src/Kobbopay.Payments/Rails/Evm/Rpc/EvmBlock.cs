using System.Numerics;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>A block as one provider shows it. Hashes are lower-case.</summary>
/// <param name="Transactions">
/// Those that move some of the native currency, in their order; empty when it was asked for without them.
/// </param>
internal sealed record EvmBlock(
    long Number, string Hash, string ParentHash, DateTimeOffset Time, IReadOnlyList<EvmTransaction> Transactions);

/// <summary>What a transaction says that it moves of the native currency; whether it did is its receipt's.</summary>
/// <param name="To">Lower-case; null where it makes a contract.</param>
internal sealed record EvmTransaction(string Hash, int Index, string? To, BigInteger Value);

/// <summary>
/// An ERC-20 <c>Transfer</c> that a contract has logged, decoded; any contract can log any. Addresses and hashes are
/// lower-case.
/// </summary>
/// <param name="Removed">Always false: an answer with a log that was taken back is not believed at all.</param>
internal sealed record EvmLog(
    string Contract,
    string BlockHash,
    long BlockNumber,
    string TxHash,
    int TxIndex,
    int LogIndex,
    string From,
    string To,
    BigInteger Amount,
    bool Removed);
