namespace Kobbopay.Contracts;

/// <summary>
/// What services tell each other over HTTP; the gateway never routes <c>/internal</c> from outside.
/// </summary>
public static class InternalApi
{
    /// <summary><c>GET {ApiKeys}/{sha256 hex}</c> answers <see cref="ApiKeyDescription"/> or 404.</summary>
    public const string ApiKeys = "/internal/api-keys";

    /// <summary>
    /// <c>GET ?merchant=uuid&amp;environment=&amp;after=sequence&amp;limit=</c> answers <see cref="EventRange"/>.
    /// </summary>
    public const string Events = "/internal/events";

    /// <summary>
    /// <c>GET ?after=uuid&amp;limit=</c> answers <see cref="EventHeads"/>, ordered by (merchant, environment).
    /// </summary>
    public const string EventHeads = "/internal/event-heads";

    /// <summary><c>GET {PublicPayments}/{token}</c> answers <see cref="PublicPayment"/> or 404.</summary>
    public const string PublicPayments = "/internal/public-payments";

    /// <summary>
    /// Of Webhooks: <c>GET ?merchant=uuid&amp;environment=&amp;url=</c> answers <see cref="WebhookUrlVerdict"/>.
    /// </summary>
    public const string WebhookUrls = "/internal/webhook-urls";

    /// <summary>
    /// Of Webhooks: <c>PUT {WebhookEndpoints}/{uuid}</c> with a <see cref="FirstEndpoint"/> makes a merchant's first
    /// endpoint, or gives the one of that id these values: asked again, it comes to the same. Answers
    /// <see cref="WebhookUrlVerdict"/>.
    /// </summary>
    public const string WebhookEndpoints = "/internal/webhook-endpoints";
}

/// <param name="Version">Grows with every change of the key, so that a slow look-up never overwrites a
/// revocation.</param>
/// <param name="AllowedIps">Addresses and CIDR ranges that may use it; null for any.</param>
/// <param name="RequestsPerSecond">The merchant's own limit; null for the environment's.</param>
public sealed record ApiKeyDescription(
    Guid KeyId, Guid MerchantId, string Environment, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt,
    int Version, IReadOnlyList<string>? AllowedIps = null, int? RequestsPerSecond = null);

/// <summary>
/// Consecutive events, ascending; <see cref="LatestSequence"/> is the head of the merchant's environment, and
/// <see cref="OldestSequence"/> where it begins: what lies before is no longer kept.
/// </summary>
public sealed record EventRange(IReadOnlyList<PaymentChanged> Events, long LatestSequence, long OldestSequence);

/// <param name="Problem">Why a payment can't have this <c>webhookUrl</c>, for the merchant to read; null when it
/// can.</param>
public sealed record WebhookUrlVerdict(string? Problem);

/// <param name="Secret">As the merchant has seen it; stored encrypted.</param>
public sealed record FirstEndpoint(Guid MerchantId, string Environment, string Url, string Secret);

public sealed record EventHeads(IReadOnlyList<EventHead> Heads);

/// <param name="ClockOffsetSeconds">How far the sandbox's clock is ahead; 0 in live.</param>
public sealed record EventHead(
    Guid MerchantId, string Environment, long LatestSequence, long ClockOffsetSeconds = 0);
