using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>Reports for finance.</summary>
public sealed class ReportsClient
{
    private readonly ApiConnection _connection;

    internal ReportsClient(ApiConnection connection) => _connection = connection;

    /// <summary>
    /// The transfers of a span of time as CSV, as it is written: a report of any length takes no memory. Dispose of the
    /// stream. A report is whole when it ends with its <c>TOTAL</c> rows; one that was cut off ends with an exception.
    /// </summary>
    /// <param name="from">The first moment that is included.</param>
    /// <param name="to">The first that is not any more; at most 366 days later.</param>
    /// <param name="basis">Which time counts: <c>confirmedAt</c> (the default) or <c>createdAt</c>.</param>
    /// <param name="cancellationToken">Ends the call, up to its first byte.</param>
    public async Task<Stream> GetPaymentsCsvAsync(
        DateTimeOffset from, DateTimeOffset to, string? basis = null, CancellationToken cancellationToken = default)
    {
        var path = new ApiPath("v1/reports/payments.csv").With("from", from).With("to", to).With("basis", basis);
        var call = new ApiCall(HttpMethod.Get, path.ToString()) { IsStreamed = true };
        // The content's stream gives the connection back when it is disposed of.
        var answer = await _connection.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
    }
}
