namespace Kobbopay.Client;

/// <summary>Which deliveries to list; what is null does not matter.</summary>
public sealed record WebhookDeliveryFilter
{
    /// <summary>To this endpoint, <c>whe_...</c>.</summary>
    public string? EndpointId { get; init; }

    /// <summary>Of this event, <c>evt_...</c>.</summary>
    public string? EventId { get; init; }

    /// <summary>About this payment, <c>pay_...</c>.</summary>
    public string? PaymentId { get; init; }

    /// <summary>With this status: <see cref="WebhookDeliveryStatuses"/>.</summary>
    public string? Status { get; init; }
}
