using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Reads of one payment that arrive at once go to the database in one write and come back in one: most of what such a
/// read costs is to send and to wake up. One that arrives alone waits for nobody.
/// </summary>
public sealed class PaymentReads(NpgsqlDataSource database, TimeProvider clock, ILoggerFactory loggers)
{
    private const int BatchLimit = 16;

    /// <summary>
    /// A lane keeps one session of PostgreSQL busy; with more of them than half the cores, batches only get smaller.
    /// </summary>
    private static readonly int Lanes = Math.Max(1, Environment.ProcessorCount / 2);

    private static readonly string ById = $"""
        select {PaymentViews.Columns} from payments p {PaymentViews.Newest}
        where {PaymentRows.IsOwn}
        """;

    private readonly Batcher<Wanted> _batches = new(
        (wanted, cancellation) => ReadAsync(database, wanted, cancellation),
        BatchLimit, clock, loggers.CreateLogger<Batcher<Wanted>>(), Lanes, waitsOutOutages: false);

    /// <summary>A merchant's own payment, or null: somebody else's is no different from none.</summary>
    internal async Task<PaymentView?> FindAsync(
        MerchantIdentity merchant, Guid paymentId, CancellationToken cancellation)
    {
        var wanted = new Wanted(merchant, paymentId);
        await _batches.AddAsync(wanted, cancellation);
        return wanted.Found;
    }

    internal static void Add(NpgsqlBatch batch, MerchantIdentity merchant, Guid paymentId)
    {
        var parameters = batch.Add(ById);
        parameters.AddId(paymentId);
        parameters.AddOwner(merchant);
    }

    private static async Task ReadAsync(
        NpgsqlDataSource database, IReadOnlyList<Wanted> wanted, CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        foreach (var one in wanted)
            Add(batch, one.Merchant, one.PaymentId);
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        foreach (var one in wanted)
        {
            one.Found = await row.ReadAsync(cancellation) ? PaymentViews.Read(row) : null;
            await row.NextResultAsync(cancellation);
        }
    }

    private sealed record Wanted(MerchantIdentity Merchant, Guid PaymentId)
    {
        public PaymentView? Found { get; set; }
    }
}
