using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments;

/// <summary>
/// A payment's own <c>webhookUrl</c> (contracts.md, section 4): the Webhooks service knows the merchant's endpoints,
/// and says whether one of them vouches for it.
/// </summary>
public sealed class WebhookUrls(IHttpClientFactory http)
{
    public const string HttpClientName = "webhooks-endpoints";

    /// <exception cref="ProblemException"><c>invalid_request</c> for a URL that can't be used,
    /// <c>service_unavailable</c> when that can't be told now.</exception>
    public async Task RequireUsableAsync(MerchantIdentity merchant, string url, CancellationToken cancellation)
    {
        if (await AskAsync(merchant, url, cancellation) is not { Problem: { } problem })
            return;
        throw new ProblemException(
            ProblemCodes.InvalidRequest, $"/webhookUrl: {problem}",
            [new InvalidField("/webhookUrl", "invalid_url", problem)]);
    }

    private async Task<WebhookUrlVerdict> AskAsync(
        MerchantIdentity merchant, string url, CancellationToken cancellation)
    {
        try
        {
            return (await http.CreateClient(HttpClientName).GetFromJsonAsync(
                $"{InternalApi.WebhookUrls}?merchant={merchant.MerchantId}&environment={merchant.Environment}"
                + $"&url={Uri.EscapeDataString(url)}",
                ContractsJson.Default.WebhookUrlVerdict,
                cancellation))!;
        }
        catch (Exception outage) when (outage is HttpRequestException
            || (outage is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ProblemException(
                ProblemCodes.ServiceUnavailable, "The webhookUrl can't be checked right now; try again.")
            {
                RetryAfterSeconds = 1,
            };
        }
    }
}
