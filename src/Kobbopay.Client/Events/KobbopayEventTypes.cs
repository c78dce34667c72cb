namespace Kobbopay.Client;

/// <summary>The values of <see cref="KobbopayEvent.Type"/> that are known today; others may come.</summary>
public static class KobbopayEventTypes
{
    /// <summary>A payment was created.</summary>
    public const string PaymentCreated = "payment.created";

    /// <summary>Something was seen, and it is not enough.</summary>
    public const string PaymentPartiallyPaid = "payment.partially_paid";

    /// <summary>Enough was seen, and it is not final yet.</summary>
    public const string PaymentPaid = "payment.paid";

    /// <summary>Enough is final.</summary>
    public const string PaymentConfirmed = "payment.confirmed";

    /// <summary>What was received changed, and the status did not.</summary>
    public const string PaymentAmountChanged = "payment.amount_changed";

    /// <summary>A paid transfer left the chain.</summary>
    public const string PaymentReverted = "payment.reverted";

    /// <summary>The window ended before enough was seen.</summary>
    public const string PaymentExpired = "payment.expired";

    /// <summary>The merchant has canceled it.</summary>
    public const string PaymentCanceled = "payment.canceled";

    /// <summary>Money came after the end.</summary>
    public const string PaymentLateTransfer = "payment.late_transfer";

    /// <summary>What came after the end was dismissed.</summary>
    public const string PaymentResolved = "payment.resolved";

    /// <summary>A chain took back what was final.</summary>
    public const string PaymentFinalityViolated = "payment.finality_violated";

    /// <summary>An endpoint fails, and will be disabled.</summary>
    public const string WebhookEndpointFailing = "webhook_endpoint.failing";

    /// <summary>An endpoint was disabled.</summary>
    public const string WebhookEndpointDisabled = "webhook_endpoint.disabled";

    /// <summary>A key came from a browser.</summary>
    public const string ApiKeyMisused = "api_key.misused";

    /// <summary>Merchant and operator have changed the extended public key.</summary>
    public const string AccountXpubChanged = "account.xpub_changed";

    /// <summary>A test that the merchant asked for; in no feed.</summary>
    public const string WebhookTest = "webhook.test";
}
