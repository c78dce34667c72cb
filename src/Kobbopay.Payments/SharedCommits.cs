using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Small changes that arrive at once share a round trip and a commit. Each is whole or has not happened; one that fails
/// is not the others' failure. One that arrives alone waits for nobody.
/// </summary>
public sealed class SharedCommits(NpgsqlDataSource database, TimeProvider clock, ILoggerFactory loggers)
{
    private const int BatchLimit = 32;

    /// <summary>While one commit waits for the disk, another is made.</summary>
    private const int Lanes = 2;

    private readonly Batcher<Change> _batches = new(
        (changes, cancellation) => CommitAsync(database, changes, cancellation),
        BatchLimit, clock, loggers.CreateLogger<Batcher<Change>>(), Lanes, waitsOutOutages: false);

    /// <param name="place">
    /// Names what another replica's change might hold: all batches go in its order, so that two never wait for each
    /// other.
    /// </param>
    /// <param name="change">Statements without a connection; whole, since their request may be gone when its turn
    /// comes.</param>
    internal Task CommitAsync(string place, NpgsqlBatch change, CancellationToken cancellation)
    {
        IEnumerable<NpgsqlBatchCommand> statements = change.BatchCommands;
        return _batches.AddAsync(new Change(place, [.. statements]), cancellation);
    }

    private static async Task CommitAsync(
        NpgsqlDataSource database, IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        // Without a transaction around it, all statements of a batch are one.
        await using var batch = database.CreateBatch();
        foreach (var change in changes.OrderBy(change => change.Place, StringComparer.Ordinal))
        {
            foreach (var statement in change.Statements)
                batch.BatchCommands.Add(Copy(statement));
        }

        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>
    /// A statement remembers how it was prepared: one of a batch that failed would ask for what has been undone.
    /// </summary>
    private static NpgsqlBatchCommand Copy(NpgsqlBatchCommand statement)
    {
        var copy = new NpgsqlBatchCommand(statement.CommandText);
        foreach (NpgsqlParameter parameter in statement.Parameters)
            copy.Parameters.Add(parameter.Clone());
        return copy;
    }

    private sealed record Change(string Place, IReadOnlyList<NpgsqlBatchCommand> Statements);
}
