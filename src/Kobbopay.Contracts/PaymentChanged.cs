namespace Kobbopay.Contracts;

/// <summary>
/// An event of a merchant's feed, nearly always a payment's, as it goes over the bus (<see cref="PaymentsChanged"/>).
/// <see cref="Body"/> is the event as the merchant sees it, rendered once and carried opaquely; what a consumer needs
/// to file it stands beside it. Consumers are idempotent by (merchant, environment, sequence) and order-proof by
/// version.
/// </summary>
/// <param name="Sequence">Dense per merchant and environment (contracts.md, section 3): a gap is a lost
/// message.</param>
/// <param name="Payment">Null for an event of another object (<see cref="MerchantEventRequested"/>).</param>
/// <param name="TraceParent">W3C trace context of the request or scan that caused the event.</param>
/// <param name="ExceptEndpointId">The one endpoint that does not get this event.</param>
public sealed record PaymentChanged(
    Guid EventId,
    Guid MerchantId,
    string Environment,
    long Sequence,
    string Type,
    DateTimeOffset CreatedAt,
    byte[] Body,
    ChangedPayment? Payment,
    string? TraceParent,
    Guid? ExceptEndpointId = null);

/// <param name="WebhookUrl">The payment's own <c>webhookUrl</c>, when it has one (section 4).</param>
public sealed record ChangedPayment(Guid Id, int Version, PublicPayment Public, string? WebhookUrl);
