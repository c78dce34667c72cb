using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>Where events are sent to.</summary>
public sealed class WebhookEndpointsClient
{
    private readonly ApiConnection _connection;

    internal WebhookEndpointsClient(ApiConnection connection) => _connection = connection;

    /// <summary>Makes an endpoint. Its secret is shown this once.</summary>
    /// <param name="request">What to make.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookEndpointWithSecret>> CreateAsync(
        CreateWebhookEndpointRequest request,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints"),
            ApiBody.Of(request, KobbopayJson.Default.CreateWebhookEndpointRequest),
            KobbopayJson.Default.WebhookEndpointWithSecret,
            idempotencyKey,
            cancellationToken);

    /// <summary>One page of the endpoints.</summary>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<WebhookEndpoint>> ListPageAsync(
        PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/webhook-endpoints").With(page),
            KobbopayJson.Default.PageWebhookEndpoint,
            cancellationToken);

    /// <summary>All endpoints, newest first.</summary>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<WebhookEndpoint> ListAsync(
        int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListPageAsync(page, token), pageSize, cancellationToken);

    /// <summary>Reads an endpoint.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<WebhookEndpoint> GetAsync(string endpointId, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}", endpointId),
            KobbopayJson.Default.WebhookEndpoint,
            cancellationToken);

    /// <summary>Changes an endpoint: what the request leaves null stays as it is.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="request">What to change.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<WebhookEndpoint> UpdateAsync(
        string endpointId, UpdateWebhookEndpointRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var body = ApiBody.Of(
            request,
            KobbopayJson.Default.UpdateWebhookEndpointRequest,
            ("description", request.RemoveDescription),
            ("rateLimit", request.RemoveRateLimit),
            ("headers", request.RemoveHeaders));
        return _connection.PatchAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}", endpointId), body, KobbopayJson.Default.WebhookEndpoint,
            cancellationToken);
    }

    /// <summary>Deletes an endpoint and its secret; the record of deliveries stays.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task DeleteAsync(string endpointId, CancellationToken cancellationToken = default) =>
        _connection.DeleteAsync(new ApiPath("v1/webhook-endpoints/{endpointId}", endpointId), cancellationToken);

    /// <summary>Takes a disabled endpoint into use again. What was skipped stays so until it is recovered.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookEndpoint>> EnableAsync(
        string endpointId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/enable", endpointId),
            ApiBody.Empty,
            KobbopayJson.Default.WebhookEndpoint,
            idempotencyKey,
            cancellationToken);

    /// <summary>Sends a <c>webhook.test</c> event to this endpoint alone.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookDelivery>> TestAsync(
        string endpointId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/test", endpointId),
            ApiBody.Empty,
            KobbopayJson.Default.WebhookDelivery,
            idempotencyKey,
            cancellationToken);

    /// <summary>Gives the endpoint a new secret, which is shown this once.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="overlapSeconds">How long the old one stays valid: a day unless given; 0 after a leak.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookEndpointWithSecret>> RotateSecretAsync(
        string endpointId,
        int? overlapSeconds = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/rotate-secret", endpointId),
            ApiBody.Of(new OverlapBody(overlapSeconds), KobbopayJson.Default.OverlapBody),
            KobbopayJson.Default.WebhookEndpointWithSecret,
            idempotencyKey,
            cancellationToken);

    /// <summary>Ends the overlap of a rotation now.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookEndpoint>> CompleteRotationAsync(
        string endpointId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/rotate-secret/complete", endpointId),
            ApiBody.Empty,
            KobbopayJson.Default.WebhookEndpoint,
            idempotencyKey,
            cancellationToken);

    /// <summary>Sends again what has failed or was skipped.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="since">From when on; within the last 90 days.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookReplay>> RecoverAsync(
        string endpointId,
        DateTimeOffset since,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/recover", endpointId),
            ApiBody.Since(since),
            KobbopayJson.Default.WebhookReplay,
            idempotencyKey,
            cancellationToken);

    /// <summary>Sends the events that match the endpoint's filter and never were sent to it.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="since">From when on; within the last 90 days.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<WebhookReplay>> ReplayMissingAsync(
        string endpointId,
        DateTimeOffset since,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/replay-missing", endpointId),
            ApiBody.Since(since),
            KobbopayJson.Default.WebhookReplay,
            idempotencyKey,
            cancellationToken);

    /// <summary>Reads how far a replay is.</summary>
    /// <param name="endpointId">The endpoint's id, <c>whe_...</c>.</param>
    /// <param name="replayId">The replay's id, <c>rpl_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<WebhookReplay> GetReplayAsync(
        string endpointId, string replayId, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/webhook-endpoints/{endpointId}/replays/{replayId}", endpointId, replayId),
            KobbopayJson.Default.WebhookReplay,
            cancellationToken);
}
