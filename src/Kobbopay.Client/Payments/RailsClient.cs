using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>What payments can be made for.</summary>
public sealed class RailsClient
{
    private readonly ApiConnection _connection;

    internal RailsClient(ApiConnection connection) => _connection = connection;

    /// <summary>The currencies and networks that are enabled in the key's environment, with their limits.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<Rail>> ListAsync(CancellationToken cancellationToken = default) =>
        (await _connection.GetAsync(
            new ApiPath("v1/rails"), KobbopayJson.Default.RailList, cancellationToken).ConfigureAwait(false)).Data;
}
