using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>Money that arrived and counts for no payment.</summary>
public sealed class UnmatchedTransfersClient
{
    private readonly ApiConnection _connection;

    internal UnmatchedTransfersClient(ApiConnection connection) => _connection = connection;

    /// <summary>One page of the unmatched transfers.</summary>
    /// <param name="network">Only on this network.</param>
    /// <param name="paymentId">Only to this payment's address.</param>
    /// <param name="reason">Only for this reason.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<UnmatchedTransfer>> ListPageAsync(
        string? network = null,
        string? paymentId = null,
        string? reason = null,
        PageRequest? page = null,
        CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/unmatched-transfers")
                .With("network", network)
                .With("payment_id", paymentId)
                .With("reason", reason)
                .With(page),
            KobbopayJson.Default.PageUnmatchedTransfer,
            cancellationToken);

    /// <summary>All unmatched transfers, newest first.</summary>
    /// <param name="network">Only on this network.</param>
    /// <param name="paymentId">Only to this payment's address.</param>
    /// <param name="reason">Only for this reason.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<UnmatchedTransfer> ListAsync(
        string? network = null,
        string? paymentId = null,
        string? reason = null,
        int? pageSize = null,
        CancellationToken cancellationToken = default) =>
        Paging.AllAsync(
            (page, token) => ListPageAsync(network, paymentId, reason, page, token), pageSize, cancellationToken);
}
