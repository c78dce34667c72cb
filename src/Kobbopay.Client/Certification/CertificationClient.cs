using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>The checks that a receiver has to pass before live keys are handed out.</summary>
public sealed class CertificationClient
{
    private readonly ApiConnection _connection;

    internal CertificationClient(ApiConnection connection) => _connection = connection;

    /// <summary>Sends a receiver right and wrong events and tells how it answered; takes up to half a minute.</summary>
    /// <param name="endpointId">The endpoint to try; needed when there is more than one.</param>
    /// <param name="idempotencyKey">One's own key; made unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<Certification>> RunAsync(
        string? endpointId = null, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/certification"),
            ApiBody.Of(new CertificationBody(endpointId), KobbopayJson.Default.CertificationBody),
            KobbopayJson.Default.Certification,
            idempotencyKey,
            cancellationToken,
            extraTime: TimeSpan.FromSeconds(30));

    /// <summary>One page of the reports.</summary>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<Certification>> ListPageAsync(
        PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/certification").With(page), KobbopayJson.Default.PageCertification, cancellationToken);

    /// <summary>All reports, newest first.</summary>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<Certification> ListAsync(
        int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListPageAsync(page, token), pageSize, cancellationToken);

    /// <summary>Reads a report.</summary>
    /// <param name="certificationId">The report's id, <c>crt_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Certification> GetAsync(string certificationId, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/certification/{certificationId}", certificationId),
            KobbopayJson.Default.Certification,
            cancellationToken);
}
