using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>Payments: to create, read, cancel and resolve.</summary>
public sealed class PaymentsClient
{
    private readonly ApiConnection _connection;

    internal PaymentsClient(ApiConnection connection) => _connection = connection;

    /// <summary>Creates a payment. For an order that has an open one with the same amount, currency and network, it is
    /// that one.</summary>
    /// <param name="request">What to ask for.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<Payment>> CreateAsync(
        CreatePaymentRequest request, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/payments"),
            ApiBody.Of(request, KobbopayJson.Default.CreatePaymentRequest),
            KobbopayJson.Default.Payment,
            idempotencyKey,
            cancellationToken);

    /// <summary>Reads a payment.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Payment> GetAsync(string paymentId, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/payments/{paymentId}", paymentId), KobbopayJson.Default.Payment, cancellationToken);

    /// <summary>One page of the payments.</summary>
    /// <param name="filter">Which payments; all unless given.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<Payment>> ListPageAsync(
        PaymentFilter? filter = null, PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            (filter ?? new PaymentFilter()).PathOf("v1/payments").With(page),
            KobbopayJson.Default.PagePayment,
            cancellationToken);

    /// <summary>All payments, newest first, page by page as they are read.</summary>
    /// <param name="filter">Which payments; all unless given.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<Payment> ListAsync(
        PaymentFilter? filter = null, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListPageAsync(filter, page, token), pageSize, cancellationToken);

    /// <summary>Cancels a pending payment for which nothing has been seen; otherwise
    /// <c>payment_not_cancelable</c>.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<Payment>> CancelAsync(
        string paymentId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/payments/{paymentId}/cancel", paymentId),
            ApiBody.Empty,
            KobbopayJson.Default.Payment,
            idempotencyKey,
            cancellationToken);

    /// <summary>Takes what has been received for enough (<c>resolve</c> with <c>accept</c>).</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="reason">Why, for the timeline.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<Payment>> AcceptAsync(
        string paymentId,
        string reason,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/payments/{paymentId}/resolve", paymentId),
            ApiBody.Of(new ResolveBody("accept", reason), KobbopayJson.Default.ResolveBody),
            KobbopayJson.Default.Payment,
            idempotencyKey,
            cancellationToken);

    /// <summary>Takes note of money on a closed payment and leaves it closed (<c>resolve</c> with
    /// <c>dismiss</c>).</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="reason">Why, for the timeline.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<Payment>> DismissAsync(
        string paymentId,
        string reason,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/payments/{paymentId}/resolve", paymentId),
            ApiBody.Of(new ResolveBody("dismiss", reason), KobbopayJson.Default.ResolveBody),
            KobbopayJson.Default.Payment,
            idempotencyKey,
            cancellationToken);

    /// <summary>One page of a payment's transfers, those that the chain has dropped included.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<PaymentTransfer>> ListTransfersPageAsync(
        string paymentId, PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/payments/{paymentId}/transfers", paymentId).With(page),
            KobbopayJson.Default.PagePaymentTransfer,
            cancellationToken);

    /// <summary>All transfers of a payment, newest first.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<PaymentTransfer> ListTransfersAsync(
        string paymentId, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListTransfersPageAsync(paymentId, page, token), pageSize, cancellationToken);

    /// <summary>One page of a payment's history.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<TimelineStep>> ListTimelinePageAsync(
        string paymentId, PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/payments/{paymentId}/timeline", paymentId).With(page),
            KobbopayJson.Default.PageTimelineStep,
            cancellationToken);

    /// <summary>All of a payment's history, newest first.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<TimelineStep> ListTimelineAsync(
        string paymentId, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListTimelinePageAsync(paymentId, page, token), pageSize, cancellationToken);
}
