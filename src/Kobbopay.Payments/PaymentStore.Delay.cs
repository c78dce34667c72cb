using Kobbopay.Contracts;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>The delay of detection: progress that has no version and no event.</summary>
public sealed partial class PaymentStore
{
    /// <summary>
    /// Makes locked payments say whether their chain is delayed; those that have closed meanwhile do not.
    /// </summary>
    internal async Task AddDelayAsync(
        NpgsqlBatch batch, IReadOnlyList<PaymentRecord> payments, bool delayed, CancellationToken cancellation)
    {
        var open = payments.Where(payment => PaymentRecord.ShowsDelay(payment.State)).ToList();
        if (open.Count == 0)
            return;

        var update = batch.Add("update payments set delayed = $2, progress = progress + 1 where id = any($1)");
        update.AddArray(open, payment => payment.Details.Id);
        update.AddFlag(delayed);

        var views = new List<PublicPayment>(open.Count);
        foreach (var (details, state, progress, _) in open)
        {
            var merchant = await merchants.GetAsync(details.MerchantId, details.Environment, cancellation);
            views.Add(renderer.RenderPublic(details, state, progress + 1, delayed, merchant.DisplayName));
        }

        AddProgress(batch, views);
    }
}
