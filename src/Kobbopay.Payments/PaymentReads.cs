using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>Reads of one payment to show it.</summary>
public sealed class PaymentReads(SharedReads reads)
{
    private static readonly string ById = $"""
        select {PaymentViews.Columns} from payments p {PaymentViews.Newest}
        where {PaymentRows.IsOwn}
        """;

    /// <summary>A merchant's own payment, or null: somebody else's is no different from none.</summary>
    internal Task<PaymentView?> FindAsync(
        MerchantIdentity merchant, Guid paymentId, CancellationToken cancellation) =>
        reads.FindAsync(batch => Add(batch, merchant, paymentId), PaymentViews.Read, cancellation);

    internal static void Add(NpgsqlBatch batch, MerchantIdentity merchant, Guid paymentId)
    {
        var parameters = batch.Add(ById);
        parameters.AddId(paymentId);
        parameters.AddOwner(merchant);
    }
}
