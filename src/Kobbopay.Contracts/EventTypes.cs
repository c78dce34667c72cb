namespace Kobbopay.Contracts;

/// <summary>
/// The public names of events (contracts.md, sections 2 and 3), and the patterns that choose among them: an exact name
/// or a whole object (<c>payment.*</c>). None is ever renamed.
/// </summary>
public static class EventTypes
{
    public const string EndpointFailing = "webhook_endpoint.failing";
    public const string EndpointDisabled = "webhook_endpoint.disabled";
    public const string ApiKeyMisused = "api_key.misused";

    /// <summary>Merchant and operator together have changed the xpub that payments are paid to.</summary>
    public const string XpubChanged = "account.xpub_changed";

    /// <summary>
    /// Asked for by the merchant, sent to one endpoint, and in no feed; so it is not among those to choose from.
    /// </summary>
    public const string WebhookTest = "webhook.test";

    /// <summary>Events that another service than Payments may ask for (<see cref="MerchantEventRequested"/>).</summary>
    public static readonly IReadOnlyList<string> BornElsewhere = [EndpointFailing, EndpointDisabled];

    public static readonly IReadOnlyList<string> All =
    [
        "payment.created", "payment.partially_paid", "payment.paid", "payment.confirmed", "payment.amount_changed",
        "payment.reverted", "payment.expired", "payment.canceled", "payment.late_transfer", "payment.resolved",
        "payment.finality_violated", .. BornElsewhere, ApiKeyMisused, XpubChanged,
    ];

    /// <summary>What an event is about, which is its type up to the dot.</summary>
    public static string ObjectOf(string type) => type[..type.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>The types that a pattern takes; none for a pattern that no event has.</summary>
    public static string[] Matching(string pattern) =>
        [.. All.Where(type => type == pattern || $"{ObjectOf(type)}.*" == pattern)];
}
