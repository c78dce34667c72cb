using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Look-ups of one row that arrive at once go to the database in one write and come back in one: most of what such a
/// read costs is to send and to wake up. One that arrives alone waits for nobody.
/// </summary>
public sealed class SharedReads(NpgsqlDataSource database, TimeProvider clock, ILoggerFactory loggers)
{
    private const int BatchLimit = 16;

    /// <summary>
    /// A lane keeps one session of PostgreSQL busy; with more of them than half the cores, batches only get smaller.
    /// </summary>
    private static readonly int Lanes = Math.Max(1, Environment.ProcessorCount / 2);

    private readonly Batcher<Wanted> _batches = new(
        (wanted, cancellation) => ReadAsync(database, wanted, cancellation),
        BatchLimit, clock, loggers.CreateLogger<Batcher<Wanted>>(), Lanes, waitsOutOutages: false);

    /// <param name="add">Adds the one statement of the look-up; of a request it uses only values.</param>
    /// <returns>The row, or null when there is none.</returns>
    internal async Task<T?> FindAsync<T>(
        Action<NpgsqlBatch> add, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
        where T : class
    {
        T? found = null;
        await _batches.AddAsync(new Wanted(add, row => found = read(row)), cancellation);
        return found;
    }

    private static async Task ReadAsync(
        NpgsqlDataSource database, IReadOnlyList<Wanted> wanted, CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        foreach (var one in wanted)
            one.Add(batch);
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        foreach (var one in wanted)
        {
            if (await row.ReadAsync(cancellation))
                one.Read(row);
            await row.NextResultAsync(cancellation);
        }
    }

    private sealed record Wanted(Action<NpgsqlBatch> Add, Action<NpgsqlDataReader> Read);
}
