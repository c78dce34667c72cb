using Microsoft.AspNetCore.Http;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>
/// Whose request this is, as the gateway signed it. A handler that takes one as a parameter gets the caller's.
/// </summary>
public sealed record MerchantIdentity(Guid MerchantId, string Environment, Guid KeyId, IReadOnlyList<string> Scopes)
{
    public static ValueTask<MerchantIdentity?> BindAsync(HttpContext http) =>
        ValueTask.FromResult(http.Features.Get<MerchantIdentity>());
}

/// <summary>What an API key may do (contracts.md, section 6).</summary>
public static class Scopes
{
    public const string PaymentsRead = "payments:read";
    public const string PaymentsWrite = "payments:write";
    public const string WebhooksRead = "webhooks:read";
    public const string WebhooksWrite = "webhooks:write";
    public const string EventsRead = "events:read";
    public const string ReportsRead = "reports:read";
    public const string KeysWrite = "keys:write";
    public const string Sandbox = "sandbox";

    /// <summary>No scope to ask for: it marks the keys of a suspended merchant, which keep those that read.</summary>
    public const string Suspended = "suspended";

    public static readonly IReadOnlyList<string> All =
        [PaymentsRead, PaymentsWrite, WebhooksRead, WebhooksWrite, EventsRead, ReportsRead, KeysWrite, Sandbox];
}
