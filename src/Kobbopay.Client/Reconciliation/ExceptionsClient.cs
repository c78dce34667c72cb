using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>What a person has to look at.</summary>
public sealed class ExceptionsClient
{
    private readonly ApiConnection _connection;

    internal ExceptionsClient(ApiConnection connection) => _connection = connection;

    /// <summary>One page of the exceptions.</summary>
    /// <param name="status"><c>open</c> or <c>closed</c>; both unless given.</param>
    /// <param name="paymentId">Only of this payment.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<ExceptionRecord>> ListPageAsync(
        string? status = null,
        string? paymentId = null,
        PageRequest? page = null,
        CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/exceptions").With("status", status).With("payment_id", paymentId).With(page),
            KobbopayJson.Default.PageExceptionRecord,
            cancellationToken);

    /// <summary>All exceptions, newest first.</summary>
    /// <param name="status"><c>open</c> or <c>closed</c>; both unless given.</param>
    /// <param name="paymentId">Only of this payment.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<ExceptionRecord> ListAsync(
        string? status = null,
        string? paymentId = null,
        int? pageSize = null,
        CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListPageAsync(status, paymentId, page, token), pageSize, cancellationToken);

    /// <summary>Closes an exception.</summary>
    /// <param name="exceptionId">The exception's id, <c>exc_...</c>.</param>
    /// <param name="reason">What was done about it.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<ExceptionRecord>> CloseAsync(
        string exceptionId,
        string reason,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/exceptions/{exceptionId}/close", exceptionId),
            ApiBody.Of(new ReasonBody(reason), KobbopayJson.Default.ReasonBody),
            KobbopayJson.Default.ExceptionRecord,
            idempotencyKey,
            cancellationToken);
}
