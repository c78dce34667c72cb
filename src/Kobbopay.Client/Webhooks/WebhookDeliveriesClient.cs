using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>What was sent to endpoints, and how they answered.</summary>
public sealed class WebhookDeliveriesClient
{
    private readonly ApiConnection _connection;

    internal WebhookDeliveriesClient(ApiConnection connection) => _connection = connection;

    /// <summary>One page of the deliveries.</summary>
    /// <param name="filter">Which deliveries; all unless given.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<WebhookDelivery>> ListPageAsync(
        WebhookDeliveryFilter? filter = null,
        PageRequest? page = null,
        CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/webhook-deliveries")
                .With("endpoint", filter?.EndpointId)
                .With("event", filter?.EventId)
                .With("payment_id", filter?.PaymentId)
                .With("status", filter?.Status)
                .With(page),
            KobbopayJson.Default.PageWebhookDelivery,
            cancellationToken);

    /// <summary>All deliveries, newest first, page by page as they are read.</summary>
    /// <param name="filter">Which deliveries; all unless given.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<WebhookDelivery> ListAsync(
        WebhookDeliveryFilter? filter = null, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListPageAsync(filter, page, token), pageSize, cancellationToken);

    /// <summary>Reads a delivery.</summary>
    /// <param name="deliveryId">The delivery's id, <c>dlv_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<WebhookDelivery> GetAsync(string deliveryId, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/webhook-deliveries/{deliveryId}", deliveryId),
            KobbopayJson.Default.WebhookDelivery,
            cancellationToken);

    /// <summary>One page of a delivery's attempts.</summary>
    /// <param name="deliveryId">The delivery's id, <c>dlv_...</c>.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<WebhookAttempt>> ListAttemptsPageAsync(
        string deliveryId, PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/webhook-deliveries/{deliveryId}/attempts", deliveryId).With(page),
            KobbopayJson.Default.PageWebhookAttempt,
            cancellationToken);

    /// <summary>All attempts of a delivery, newest first.</summary>
    /// <param name="deliveryId">The delivery's id, <c>dlv_...</c>.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<WebhookAttempt> ListAttemptsAsync(
        string deliveryId, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListAttemptsPageAsync(deliveryId, page, token), pageSize, cancellationToken);

    /// <summary>Sends a delivery again, however it ended: the same event, the same bytes, signed anew.</summary>
    /// <param name="deliveryId">The delivery's id, <c>dlv_...</c>.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookDelivery>> RedeliverAsync(
        string deliveryId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-deliveries/{deliveryId}/redeliver", deliveryId),
            ApiBody.Empty,
            KobbopayJson.Default.WebhookDelivery,
            idempotencyKey,
            cancellationToken);
}
