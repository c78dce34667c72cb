using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>API keys.</summary>
public sealed class ApiKeysClient
{
    private readonly ApiConnection _connection;

    internal ApiKeysClient(ApiConnection connection) => _connection = connection;

    /// <summary>Makes a key, which is shown this once.</summary>
    /// <param name="request">What to make.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<NewApiKey>> CreateAsync(
        CreateApiKeyRequest request, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/api-keys"),
            ApiBody.Of(request, KobbopayJson.Default.CreateApiKeyRequest),
            KobbopayJson.Default.NewApiKey,
            idempotencyKey,
            cancellationToken);

    /// <summary>One page of the keys.</summary>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<ApiKey>> ListPageAsync(PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(new ApiPath("v1/api-keys").With(page), KobbopayJson.Default.PageApiKey, cancellationToken);

    /// <summary>All keys, newest first.</summary>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<ApiKey> ListAsync(int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListPageAsync(page, token), pageSize, cancellationToken);

    /// <summary>Reads what is known of a key, which is never the key itself.</summary>
    /// <param name="keyId">The key's id, <c>key_...</c>; not the key itself.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<ApiKey> GetAsync(string keyId, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(new ApiPath("v1/api-keys/{keyId}", keyId), KobbopayJson.Default.ApiKey, cancellationToken);

    /// <summary>Makes a new key with the same rights, which is shown this once.</summary>
    /// <param name="keyId">The key's id, <c>key_...</c>; not the key itself.</param>
    /// <param name="overlapSeconds">How long the old one works on: a day unless given; 0 after a leak.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<NewApiKey>> RollAsync(
        string keyId,
        int? overlapSeconds = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/api-keys/{keyId}/roll", keyId),
            ApiBody.Of(new OverlapBody(overlapSeconds), KobbopayJson.Default.OverlapBody),
            KobbopayJson.Default.NewApiKey,
            idempotencyKey,
            cancellationToken);

    /// <summary>Revokes a key: within a second it is refused everywhere.</summary>
    /// <param name="keyId">The key's id, <c>key_...</c>; not the key itself.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task RevokeAsync(string keyId, CancellationToken cancellationToken = default) =>
        _connection.DeleteAsync(new ApiPath("v1/api-keys/{keyId}", keyId), cancellationToken);
}
