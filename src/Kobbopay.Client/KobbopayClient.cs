using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>
/// Kobbopay's interface for a merchant's backend. Calls that fail for a cause that passes are repeated, each POST with
/// one idempotency key, so that nothing is done twice. One client serves any number of calls at once.
/// </summary>
public sealed class KobbopayClient
{
    /// <summary>A client over one's own <see cref="HttpClient"/>, which is not disposed of. Its own time limit should
    /// be longer than that of the options, or infinite. In an application with dependency injection, use
    /// <see cref="KobbopayServices.AddKobbopayClient"/>.</summary>
    /// <param name="http">Sends the requests.</param>
    /// <param name="options">How to call; null when the <see cref="HttpClient"/> has the address and the
    /// key.</param>
    /// <param name="clock">Times the waits; the system's unless given.</param>
    public KobbopayClient(HttpClient http, KobbopayClientOptions? options = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        var connection = new ApiConnection(http, options ?? new KobbopayClientOptions(), clock ?? TimeProvider.System);
        Payments = new PaymentsClient(connection);
        Rails = new RailsClient(connection);
        Events = new EventsClient(connection);
        WebhookEndpoints = new WebhookEndpointsClient(connection);
        WebhookDeliveries = new WebhookDeliveriesClient(connection);
        WebhookTools = new WebhookToolsClient(connection);
        Exceptions = new ExceptionsClient(connection);
        UnmatchedTransfers = new UnmatchedTransfersClient(connection);
        Reports = new ReportsClient(connection);
        Account = new AccountClient(connection);
        ApiKeys = new ApiKeysClient(connection);
        Certification = new CertificationClient(connection);
        Sandbox = new SandboxClient(connection);
        PublicStatus = new PublicStatusClient(connection);
    }

    /// <summary>Payments: to create, read, cancel and resolve.</summary>
    public PaymentsClient Payments { get; }

    /// <summary>What payments can be made for.</summary>
    public RailsClient Rails { get; }

    /// <summary>The event feed.</summary>
    public EventsClient Events { get; }

    /// <summary>Where events are sent to.</summary>
    public WebhookEndpointsClient WebhookEndpoints { get; }

    /// <summary>What was sent to endpoints, and how they answered.</summary>
    public WebhookDeliveriesClient WebhookDeliveries { get; }

    /// <summary>Help for who writes a receiver.</summary>
    public WebhookToolsClient WebhookTools { get; }

    /// <summary>What a person has to look at.</summary>
    public ExceptionsClient Exceptions { get; }

    /// <summary>Money that arrived and counts for no payment.</summary>
    public UnmatchedTransfersClient UnmatchedTransfers { get; }

    /// <summary>Reports for finance.</summary>
    public ReportsClient Reports { get; }

    /// <summary>The merchant and its settings.</summary>
    public AccountClient Account { get; }

    /// <summary>API keys.</summary>
    public ApiKeysClient ApiKeys { get; }

    /// <summary>The checks that a receiver has to pass.</summary>
    public CertificationClient Certification { get; }

    /// <summary>The simulated chain; test keys only.</summary>
    public SandboxClient Sandbox { get; }

    /// <summary>What a payer may see of a payment; no key is sent.</summary>
    public PublicStatusClient PublicStatus { get; }
}
