using Kobbopay.Contracts;
using Kobbopay.Durability;

namespace Kobbopay.PublicStatus;

/// <summary>Keeps the views up with the payments' events, in whatever order and however often they come.
/// Events of other objects only count as taken.</summary>
public sealed class PaymentChangedConsumer(ViewTable table, PublicViews views) : IPaymentChangedHandler
{
    public async Task HandleAsync(IReadOnlyList<PaymentChanged> events, CancellationToken cancellation)
    {
        await table.StoreAsync(events, cancellation);
        views.Refresh(events.Select(e => e.Payment?.Public).OfType<PublicPayment>());
    }
}
