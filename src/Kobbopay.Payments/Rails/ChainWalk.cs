using Npgsql;

namespace Kobbopay.Payments.Rails;

/// <summary>The part of a chain that a scan has to take in.</summary>
/// <param name="Fork">
/// Height of the last block that was taken in and still stands; below the cursor after a reorganisation.
/// </param>
/// <param name="Blocks">What follows it, each the parent of the next; empty when there is no news.</param>
/// <param name="Head">Height of the network's newest block.</param>
/// <param name="Behind">The provider itself says that there are newer ones.</param>
/// <param name="Finalized">Height of the newest block that the network calls finalized.</param>
internal sealed record ChainWalk(long Fork, List<Block> Blocks, long Head, bool Behind, long? Finalized)
{
    /// <summary>Blocks taken in by one scan, besides those that a reorganisation replaced.</summary>
    public const int SliceLimit = 100;

    /// <summary>
    /// How far to look back first when the cursor's block is gone; doubled while that is not far enough.
    /// </summary>
    private const int FirstStepBack = 8;

    public bool HasMore => Blocks.Count > 0 && Blocks[^1].Number < Head;

    /// <summary>
    /// Reads on from the cursor's own block. While that still stands, all before it does, since each block names its
    /// parent; otherwise it goes back until it meets a block that was taken in and stands.
    /// </summary>
    /// <exception cref="InvalidOperationException">The reorganisation goes deeper than what is remembered.</exception>
    public static async Task<ChainWalk> ReadAsync(
        IRail rail, ChainCursor cursor, NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (cursor.Number < 0)
        {
            var first = await rail.FirstBlockAsync(cursor.Chain, cancellation);
            return Linked(-1, await rail.ReadAsync(cursor.Chain, first, SliceLimit, cancellation));
        }

        var slice = await rail.ReadAsync(cursor.Chain, cursor.Number, SliceLimit + 1, cancellation);
        return slice.Blocks.FirstOrDefault()?.Hash == cursor.Hash
            ? Linked(cursor.Number, slice)
            : await FindForkAsync(rail, cursor, slice, connection, cancellation);
    }

    private static async Task<ChainWalk> FindForkAsync(
        IRail rail, ChainCursor cursor, ChainSlice slice, NpgsqlConnection connection, CancellationToken cancellation)
    {
        var remembered = await cursor.RememberedAsync(connection, cancellation);
        var oldest = remembered.Keys.First();
        for (long back = FirstStepBack; ; back *= 2)
        {
            var from = Math.Max(oldest, Math.Min(cursor.Number - back, slice.Head));
            // All that is replaced has to be seen at once: a transfer that only moved must not look dropped in between.
            slice = await rail.ReadAsync(
                cursor.Chain, from, (int)(cursor.Number - from) + SliceLimit + 1, cancellation);
            var standing = slice.Blocks.LastOrDefault(
                block => remembered.GetValueOrDefault(block.Number) == block.Hash);
            // Nothing else in its place: a provider that is behind, not a reorganisation. It is waited for.
            if (standing?.Number == slice.Head)
                return Nothing(cursor, slice);
            if (standing is not null)
                return Linked(standing.Number, slice);

            if (slice.Head < oldest)
                return Nothing(cursor, slice);
            if (from == 0)
                return Linked(-1, slice);
            if (from == oldest)
            {
                throw new InvalidOperationException(
                    $"{cursor.Chain} was reorganised deeper than the {remembered.Count} blocks that are remembered");
            }
        }
    }

    private static ChainWalk Nothing(ChainCursor cursor, ChainSlice slice) =>
        new(cursor.Number, [], slice.Head, slice.Behind, slice.Finalized);

    private static ChainWalk Linked(long fork, ChainSlice slice)
    {
        for (var i = 1; i < slice.Blocks.Count; i++)
        {
            var (block, parent) = (slice.Blocks[i], slice.Blocks[i - 1]);
            if (block.ParentHash != parent.Hash || block.Number != parent.Number + 1)
                throw new InvalidOperationException($"Block {block.Number} does not follow the one before it");
        }

        return new ChainWalk(
            fork, [.. slice.Blocks.Where(block => block.Number > fork)], slice.Head, slice.Behind, slice.Finalized);
    }
}
