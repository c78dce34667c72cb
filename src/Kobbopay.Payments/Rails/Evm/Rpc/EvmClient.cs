using System.Numerics;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// Typed calls to one provider. Every failure is a <see cref="ProviderException"/>; nothing that a provider says is
/// believed further than it can be checked in its own answer.
/// </summary>
internal sealed class EvmClient(int number, Uri url, TimeProvider clock) : IDisposable
{
    /// <summary>The place in the configuration, from 1.</summary>
    public int Number { get; } = number;

    public string Host { get; } = url.Host;

    public Task<long> ChainIdAsync(CancellationToken cancellation) => throw new NotSupportedException($"{clock}");

    /// <summary>The newest block, without transactions.</summary>
    public Task<EvmBlock> LatestAsync(CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>Height of the newest final block; null where the provider knows of none.</summary>
    public Task<long?> FinalizedAsync(CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>
    /// The blocks of these heights, both included; the list stops before the first that the provider does not have.
    /// Whether each is the parent of the next is the caller's to check.
    /// </summary>
    public Task<List<EvmBlock>> BlocksAsync(
        long from, long to, bool withTransactions, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>
    /// The ERC-20 transfers logged in the blocks of these heights, both included, in their order; to anybody where no
    /// <paramref name="recipients"/> are given. A provider that lacks a block leaves its logs out without a word: each
    /// log's block hash is the caller's to compare.
    /// </summary>
    public Task<List<EvmLog>> TransfersAsync(
        long from, long to, IReadOnlyCollection<string>? recipients, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>The same for one block; a provider that does not have it fails.</summary>
    public Task<List<EvmLog>> TransfersAsync(
        string blockHash, IReadOnlyCollection<string>? recipients, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Which of these transactions, all of them in blocks, have succeeded.</summary>
    public Task<HashSet<string>> SucceededAsync(
        IReadOnlyCollection<string> txHashes, CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>An address's native currency after a block.</summary>
    public Task<BigInteger> BalanceAsync(string address, long blockNumber, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<bool> CodeExistsAsync(string address, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>What a token says of its own decimals; null where it says nothing of use.</summary>
    public Task<int?> DecimalsAsync(string contract, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public void Dispose()
    {
    }
}
