using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Creations that arrive at once share a statement and its commit, which costs hardly more than that of one. One that
/// arrives alone waits for nobody.
/// </summary>
public sealed class CreationBatches(
    NpgsqlDataSource database, TimeProvider clock, ILoggerFactory loggers)
{
    private const int BatchLimit = 32;

    /// <summary>While one statement waits for the disk, or for somebody's claim of an order, another is made.</summary>
    private const int Lanes = 2;

    private readonly Batcher<Creation> _batches = new(
        (creations, cancellation) => StoreAsync(database, creations, cancellation),
        BatchLimit, clock, loggers.CreateLogger<Batcher<Creation>>(), Lanes, waitsOutOutages: false);

    /// <returns>False when nothing was inserted (see <see cref="CreatePaymentStatement"/>).</returns>
    internal async Task<bool> StoreAsync(Creation creation, CancellationToken cancellation)
    {
        await _batches.AddAsync(creation, cancellation);
        return creation.Inserted;
    }

    private static async Task StoreAsync(
        NpgsqlDataSource database, IReadOnlyList<Creation> creations, CancellationToken cancellation)
    {
        // The ids come before the inserts have been done: they hold only once the statement has ended.
        var stored = new HashSet<Guid>();
        await using var command = CreatePaymentStatement.Of(database, [.. creations]);
        try
        {
            await using var row = await command.ExecuteReaderAsync(cancellation);
            while (await row.ReadAsync(cancellation))
                stored.Add(row.GetGuid(0));
        }
        catch (PostgresException race) when (
            race.SqlState == PostgresErrorCodes.UniqueViolation && creations.Count == 1)
        {
            // Another replica was faster: the look-up that follows finds what it left. Of several, each is tried alone.
            return;
        }

        foreach (var creation in creations)
            creation.Inserted = stored.Contains(creation.Draft.Details.Id);
    }
}
