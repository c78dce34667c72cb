namespace Kobbopay.Client;

/// <summary>What an API key may open.</summary>
public static class ApiKeyScopes
{
    /// <summary>Payments, rails, exceptions, unmatched transfers and the account, to read.</summary>
    public const string PaymentsRead = "payments:read";

    /// <summary>Payments to create and change.</summary>
    public const string PaymentsWrite = "payments:write";

    /// <summary>Endpoints, deliveries and certifications, to read.</summary>
    public const string WebhooksRead = "webhooks:read";

    /// <summary>Endpoints, deliveries and certifications, to change.</summary>
    public const string WebhooksWrite = "webhooks:write";

    /// <summary>The event feed.</summary>
    public const string EventsRead = "events:read";

    /// <summary>Reports.</summary>
    public const string ReportsRead = "reports:read";

    /// <summary>API keys and the settings.</summary>
    public const string KeysWrite = "keys:write";

    /// <summary>The sandbox; test keys only.</summary>
    public const string Sandbox = "sandbox";
}
