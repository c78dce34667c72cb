using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>The merchant and its settings, in the environment of the API key.</summary>
public sealed class AccountClient
{
    private readonly ApiConnection _connection;

    internal AccountClient(ApiConnection connection) => _connection = connection;

    /// <summary>Reads the account.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Account> GetAsync(CancellationToken cancellationToken = default) =>
        _connection.GetAsync(new ApiPath("v1/account"), KobbopayJson.Default.Account, cancellationToken);

    /// <summary>Changes settings: what the request leaves null stays as it is.</summary>
    /// <param name="request">What to change.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Account> ChangeAsync(ChangeAccountRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var body = ApiBody.Of(
            request, KobbopayJson.Default.ChangeAccountRequest, ("toleranceCap", request.RemoveToleranceCap));
        return _connection.PatchAsync(
            new ApiPath("v1/account"), body, KobbopayJson.Default.Account, cancellationToken);
    }
}
