using System.Diagnostics;
using Kobbopay.Durability;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>
/// One scan of one chain, one transaction: what the next blocks hold, what that means for payments, and the cursor,
/// together. A scan that ends half-way has not happened.
/// </summary>
public sealed class ChainScan(
    NpgsqlDataSource database, PaymentStore store, ExpirePayments expiry, ChainDelay delay, TimeProvider clock)
{
    private static readonly ActivitySource Source = new("Kobbopay.Payments");

    /// <summary>Takes in the next slice of a chain, unless another scanner has it.</summary>
    /// <returns>Whether more is waiting.</returns>
    public async Task<bool> RunAsync(IRail rail, string chain, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await ChainCursor.LockAsync(connection, chain, rail.Network, cancellation) is not { } cursor)
            return false;

        var walk = await ChainWalk.ReadAsync(rail, cursor, connection, cancellation);
        FaultPoint.Pass("scan.read");
        cursor = await delay.RecordAsync(connection, rail, cursor, failing: walk.Behind, cancellation);
        if (walk.Blocks.Count > 0)
            cursor = await TakeInAsync(connection, rail, cursor, walk, cancellation);
        var moreToExpire = await expiry.RunAsync(connection, rail, cursor, cancellation);
        FaultPoint.Pass("scan.written");
        await transaction.CommitAsync(cancellation);
        FaultPoint.Pass("scan.committed");
        store.Committed(progressed: walk.Blocks.Count > 0);
        return walk.HasMore || moreToExpire;
    }

    private async Task<ChainCursor> TakeInAsync(
        NpgsqlConnection connection, IRail rail, ChainCursor cursor, ChainWalk walk, CancellationToken cancellation)
    {
        var newest = walk.Blocks[^1];
        using var scan = Source.StartActivity("scan blocks", ActivityKind.Internal, newest.TraceParent);
        var (findings, unmatched, waiting) = await FindAsync(connection, rail, cursor, walk, cancellation);
        var payments = await PaymentStore.LockAsync(
            connection, [.. findings.Payments.Union(waiting)], cancellation);
        var now = clock.Now();

        await using var batch = connection.CreateBatch();
        // One payment or thousands: no one plan is right for both.
        batch.Add("set local plan_cache_mode = force_custom_plan");
        TransferChanges.AddSeen(batch, cursor.Chain, findings.Seen, now);
        TransferChanges.AddDropped(batch, findings.Dropped);
        unmatched.AddTo(batch, rail, cursor.Chain, now);
        var changes = new List<PaymentChange>();
        // What a payment's news tell of detection is how the chain stands now.
        foreach (var payment in payments.Select(payment => payment with { Delayed = cursor.Delayed }))
        {
            var id = payment.Details.Id;
            // Each payment's events belong to the trace of the request that mined its money.
            using var change = Source.StartActivity("change payment", ActivityKind.Internal, findings.TraceOf(id));
            var seen = new PaymentInput.ChainSeen(
                findings.TransfersOf(id, payment.State.Transfers), newest.Number, findings.ReorgOf(id),
                walk.Finalized);
            var decision = PaymentLifecycle.Apply(payment.State, seen, now);
            if (decision is not Decision.Accepted accepted)
                throw new InvalidOperationException($"What the chain shows was rejected for payment {id}");
            if (await store.PrepareAsync(payment, accepted, cancellation) is { } prepared)
                changes.Add(prepared);
        }

        store.AddChanges(batch, changes);
        var moved = cursor.AddAdvance(batch, rail, walk.Fork, walk.Blocks);
        await batch.ExecuteNonQueryAsync(cancellation);
        if (findings.Seen.Count > 0)
            FaultPoint.Pass("scan.found");
        return moved;
    }

    /// <summary>The blocks' transfers that are payments', and the payments that only wait for confirmations.</summary>
    private async Task<(Findings Findings, UnmatchedTransfers Unmatched, List<Guid> Waiting)> FindAsync(
        NpgsqlConnection connection, IRail rail, ChainCursor cursor, ChainWalk walk, CancellationToken cancellation)
    {
        var transfers = walk.Blocks.SelectMany(block => block.Transfers).ToList();
        string[] recipients = [.. transfers.Select(transfer => transfer.Recipient).Distinct(StringComparer.Ordinal)];
        string[] txHashes = [.. transfers.Select(transfer => transfer.TxHash).Distinct(StringComparer.Ordinal)];

        await using var batch = connection.CreateBatch();
        TransferChanges.SelectWatched(batch, cursor.Chain, rail.NeedsXpub, recipients);
        TransferChanges.SelectKnown(batch, cursor.Chain, recipients, txHashes);
        TransferChanges.SelectAbove(batch, cursor.Chain, walk.Fork);
        var mostConfirmations = rail.Assets.Select(asset => asset.MostConfirmations)
            .Append(cursor.MostConfirmations).Max();
        TransferChanges.SelectWaiting(batch, cursor.Chain, walk.Fork - mostConfirmations);
        UnmatchedTransfers.SelectKnownAndAbove(batch, cursor.Chain, txHashes, walk.Fork);

        await using var row = await batch.ExecuteReaderAsync(cancellation);
        var watched = await row.ReadAllAsync(TransferChanges.ReadWatched, cancellation);
        await row.NextResultAsync(cancellation);
        var known = await row.ReadAllAsync(TransferChanges.Read, cancellation);
        await row.NextResultAsync(cancellation);
        var orphaned = await row.ReadAllAsync(TransferChanges.Read, cancellation);
        await row.NextResultAsync(cancellation);
        var waiting = await row.ReadAllAsync(id => id.GetGuid(0), cancellation);
        await row.NextResultAsync(cancellation);
        var knownUnmatched = await row.ReadAllAsync(UnmatchedTransfers.Read, cancellation);
        await row.NextResultAsync(cancellation);
        var orphanedUnmatched = await row.ReadAllAsync(UnmatchedTransfers.Read, cancellation);

        var findings = Findings.Of(cursor.Chain, walk.Blocks, watched, known, orphaned, clock);
        var unmatched = UnmatchedTransfers.Of(findings.Uncounted, knownUnmatched, orphanedUnmatched, clock);
        return (findings, unmatched, waiting);
    }
}

internal static class ReaderExtensions
{
    public static async Task<List<T>> ReadAllAsync<T>(
        this NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(read(reader));
        return rows;
    }
}
