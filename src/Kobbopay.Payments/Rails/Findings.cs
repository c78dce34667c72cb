using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// What new blocks mean for the transfers of payments: some are seen for the first time, some stand in another block,
/// some are gone. Pure; one payment's share is <see cref="TransfersOf"/>.
/// </summary>
internal sealed class Findings
{
    /// <summary>A confirmed or closed payment's address is watched this long (contracts.md, section 2).</summary>
    public static readonly TimeSpan WatchedAfterClose = TimeSpan.FromDays(7);

    private readonly Dictionary<Guid, List<TransferRow>> _seenBy = [];
    private readonly Dictionary<Guid, List<TransferRow>> _droppedBy = [];
    private readonly Dictionary<long, Block> _blocks;
    private ILookup<Guid, TransferRow> _orphaned = Enumerable.Empty<TransferRow>().ToLookup(row => row.PaymentId);

    private readonly long _newest;

    private Findings(List<Block> blocks)
    {
        _blocks = blocks.ToDictionary(block => block.Number);
        _newest = blocks[^1].Number;
    }

    /// <summary>New, moved, or back after having been gone.</summary>
    public List<TransferRow> Seen { get; } = [];

    public List<TransferRow> Dropped { get; } = [];

    /// <summary>To a payment's address, and no payment's: <see cref="UnmatchedTransfers"/>.</summary>
    public List<Uncounted> Uncounted { get; } = [];

    public IEnumerable<Guid> Payments => _seenBy.Keys.Union(_droppedBy.Keys);

    /// <param name="chain">The blocks'.</param>
    /// <param name="watched">Payments at the addresses that the blocks pay to.</param>
    /// <param name="known">Transfers that were seen before, of the blocks' transactions.</param>
    /// <param name="orphaned">Transfers in blocks that no longer stand.</param>
    public static Findings Of(
        string chain,
        List<Block> blocks,
        IEnumerable<WatchedAddress> watched,
        IEnumerable<TransferRow> known,
        List<TransferRow> orphaned,
        TimeProvider clock)
    {
        var findings = new Findings(blocks);
        var addresses = watched.ToDictionary(address => address.Address, StringComparer.Ordinal);
        var rows = known.Concat(orphaned).DistinctBy(row => row.Id).ToDictionary(row => row.Key);
        var standing = new HashSet<Guid>();
        var ours = blocks.SelectMany(WithKeys).Where(found => addresses.ContainsKey(found.Key.Recipient)).ToList();
        var ids = NewIds(ours.Count, clock);
        foreach (var (block, transfer, key) in ours)
        {
            var address = addresses[key.Recipient];
            var before = rows.GetValueOrDefault(key);
            if (ReasonNotToCount(chain, address, block, transfer, key, isKnown: before is not null) is { } reason)
            {
                findings.Uncounted.Add(new(block, transfer, key, address.PaymentId, reason));
                continue;
            }

            var row = new TransferRow(
                before?.Id ?? ids.Dequeue(), address.PaymentId, key, transfer.Amount, block.Number, block.Hash,
                transfer.LogIndex, block.Time, before?.FirstBlockTime ?? block.Time, Canonical: true);
            standing.Add(row.Id);
            if (row != before)
                Add(findings.Seen, findings._seenBy, row);
        }

        foreach (var row in orphaned.Where(row => !standing.Contains(row.Id)))
            Add(findings.Dropped, findings._droppedBy, row);
        findings._orphaned = orphaned.ToLookup(row => row.PaymentId);
        return findings;
    }

    /// <summary>All canonical transfers of a payment, given those before, oldest first.</summary>
    public IReadOnlyList<Transfer> TransfersOf(Guid paymentId, IReadOnlyList<Transfer> before)
    {
        var transfers = before.ToDictionary(transfer => transfer.Id);
        foreach (var row in _droppedBy.GetValueOrDefault(paymentId, []))
            transfers.Remove(row.Id);
        foreach (var row in _seenBy.GetValueOrDefault(paymentId, []))
            transfers[row.Id] = row.ToTransfer();
        return [.. transfers.Values.OrderBy(transfer => transfer.BlockNumber).ThenBy(transfer => transfer.Id)];
    }

    /// <summary>
    /// The oldest block that the payment had money in and that is gone, and what stands in its place.
    /// </summary>
    public Reorg? ReorgOf(Guid paymentId)
    {
        var oldest = _orphaned[paymentId].MinBy(row => row.BlockNumber);
        return oldest is null
            ? null
            : new Reorg(oldest.BlockHash, _blocks.GetValueOrDefault(oldest.BlockNumber)?.Hash);
    }

    /// <summary>
    /// The trace that brought the payment's news: that of its newest block, or of the newest there is.
    /// </summary>
    public string? TraceOf(Guid paymentId)
    {
        var own = _seenBy.GetValueOrDefault(paymentId, []).MaxBy(row => row.BlockNumber);
        return _blocks[own?.BlockNumber ?? _newest].TraceParent;
    }

    /// <summary>Ascending, so that what one scan finds is listed in the order of the chain.</summary>
    public static Queue<Guid> NewIds(int count, TimeProvider clock) =>
        new(Enumerable.Range(0, count).Select(_ => Id.New(clock)).Order());

    /// <summary>Null where the transfer counts for the payment.</summary>
    /// <param name="isKnown">It was counted before: what was, stays the payment's wherever it is mined again.</param>
    private static string? ReasonNotToCount(
        string chain, WatchedAddress address, Block block, TokenTransfer transfer, TransferKey key, bool isKnown) =>
        address.Chain != chain ? UnmatchedReasons.WrongNetwork
        : address.Contract != key.Contract ? UnmatchedReasons.WrongToken
        : transfer.Amount.IsZero ? UnmatchedReasons.ZeroValue
        : isKnown || !(address.ClosedAt + WatchedAfterClose < block.Time) ? null
        : address.WasPaid ? UnmatchedReasons.SecondPayment
        : UnmatchedReasons.ClosedPayment;

    private static IEnumerable<(Block Block, TokenTransfer Transfer, TransferKey Key)> WithKeys(Block block)
    {
        var ordinals = new Dictionary<TransferKey, int>();
        foreach (var transfer in block.Transfers.OrderBy(transfer => transfer.LogIndex))
        {
            var first = new TransferKey(transfer.TxHash, transfer.Contract ?? string.Empty, transfer.Recipient, 0);
            var ordinal = ordinals.GetValueOrDefault(first);
            ordinals[first] = ordinal + 1;
            yield return (block, transfer, first with { Ordinal = ordinal });
        }
    }

    private static void Add(List<TransferRow> all, Dictionary<Guid, List<TransferRow>> byPayment, TransferRow row)
    {
        all.Add(row);
        if (!byPayment.TryGetValue(row.PaymentId, out var own))
            byPayment[row.PaymentId] = own = [];
        own.Add(row);
    }
}
