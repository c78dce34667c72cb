namespace Kobbopay.Client;

/// <summary>The values of <see cref="WebhookDelivery.Status"/> that are known today; others may come.</summary>
public static class WebhookDeliveryStatuses
{
    /// <summary>Another attempt will follow.</summary>
    public const string Pending = "pending";

    /// <summary>The receiver has taken it.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>All attempts have failed; it can be sent again.</summary>
    public const string Exhausted = "exhausted";

    /// <summary>The endpoint was disabled; it can be sent again.</summary>
    public const string Skipped = "skipped";
}
