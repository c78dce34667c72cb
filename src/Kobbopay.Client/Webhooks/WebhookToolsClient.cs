using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>Help for who writes a receiver.</summary>
public sealed class WebhookToolsClient
{
    private readonly ApiConnection _connection;

    internal WebhookToolsClient(ApiConnection connection) => _connection = connection;

    /// <summary>Says why a signature does not verify. Nothing is stored.</summary>
    /// <param name="request">What the receiver got.</param>
    /// <param name="idempotencyKey">One's own key; made unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<SignatureExplanation>> ExplainSignatureAsync(
        ExplainSignatureRequest request,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/webhook-tools/explain-signature"),
            ApiBody.Of(request, KobbopayJson.Default.ExplainSignatureRequest),
            KobbopayJson.Default.SignatureExplanation,
            idempotencyKey,
            cancellationToken);
}
