namespace Kobbopay.Client;

/// <summary>The names of the headers of a webhook request (contracts.md, section 4); they ignore case.</summary>
public static class WebhookHeaders
{
    /// <summary>The event's id, the same at every retry and redelivery.</summary>
    public const string EventId = "X-Kobbopay-Event-Id";

    /// <summary>The delivery's id: one event to one endpoint.</summary>
    public const string DeliveryId = "X-Kobbopay-Delivery-Id";

    /// <summary>Unix seconds of this attempt.</summary>
    public const string Timestamp = "X-Kobbopay-Timestamp";

    /// <summary>Lower-case hex HMAC-SHA256 over <c>timestamp.body</c>; the key is the secret's text.</summary>
    public const string Signature = "X-Kobbopay-Signature";

    /// <summary>As <see cref="Signature"/>, by the new secret, while a rotation's overlap lasts.</summary>
    public const string SignatureNext = "X-Kobbopay-Signature-Next";

    /// <summary>Lower-case hex HMAC-SHA256 over the body alone; the key is the secret's text.</summary>
    public const string BodySignature = "X-Signature";

    /// <summary>As <see cref="BodySignature"/>, by the new secret, while a rotation's overlap lasts.</summary>
    public const string BodySignatureNext = "X-Signature-Next";

    /// <summary>Standard Webhooks 1.0: the message's id, here the event's id.</summary>
    public const string StandardId = "webhook-id";

    /// <summary>Standard Webhooks 1.0: unix seconds of this attempt.</summary>
    public const string StandardTimestamp = "webhook-timestamp";

    /// <summary>Standard Webhooks 1.0: a space-separated list of <c>v1,</c> + base64 HMAC-SHA256 over
    /// <c>id.timestamp.body</c>; the key is the secret's decoded bytes.</summary>
    public const string StandardSignature = "webhook-signature";
}
