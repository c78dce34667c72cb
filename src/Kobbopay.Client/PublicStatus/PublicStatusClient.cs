using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>What a payer may see of a payment. No API key is sent.</summary>
public sealed class PublicStatusClient
{
    private readonly ApiConnection _connection;

    internal PublicStatusClient(ApiConnection connection) => _connection = connection;

    /// <summary>Reads the public status of a payment.</summary>
    /// <param name="token">The token, <c>pst_...</c>: the last part of <see cref="Payment.PublicStatusUrl"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<PublicStatus> GetAsync(string token, CancellationToken cancellationToken = default)
    {
        var path = new ApiPath("v1/public/payments/{token}", token);
        return _connection.ReadAsync(
            new ApiCall(HttpMethod.Get, path.ToString()) { IsPublic = true },
            KobbopayJson.Default.PublicStatus,
            cancellationToken);
    }
}
