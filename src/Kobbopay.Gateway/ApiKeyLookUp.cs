using System.Net;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.Gateway;

/// <summary>Asks Payments, and another replica of it when the first is away.</summary>
public sealed class ApiKeyLookUp(IHttpClientFactory clients, ServiceDiscoveryResolver services)
{
    /// <summary>Longest answer that is read, in bytes.</summary>
    private const int AnswerLimit = 16 * 1024;

    /// <summary>Look-ups under way at once; more wait, and time out when Payments is too slow.</summary>
    private const int Connections = 32;

    public async Task<ApiKeyDescription?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(nameof(ApiKeyLookUp));
        while (await services.ResolveAsync(ResourceNames.Payments, cancellationToken) is { } replica)
        {
            try
            {
                var question = new Uri($"{replica}{InternalApi.ApiKeys}/{hash}");
                var description = await AskAsync(client, question, cancellationToken);
                services.Reached(replica);
                return description;
            }
            catch (HttpRequestException failure) when (ServiceDiscoveryResolver.IsNoConnection(failure))
            {
                // It is left out from now on, so that this ends when none is left.
                services.Failed(replica);
            }
        }

        throw new HttpRequestException("Payments can't be reached");
    }

    private static async Task<ApiKeyDescription?> AskAsync(
        HttpClient client, Uri question, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync(question, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ApiKeyDescription, cancellationToken);
    }

    public static void AddTo(IServiceCollection services) => services
        .AddSingleton<ApiKeyLookUp>()
        .AddServiceClient(nameof(ApiKeyLookUp), ResourceNames.Payments)
        .ConfigureHttpClient(http => http.MaxResponseContentBufferSize = AnswerLimit)
        .UseSocketsHttpHandler((handler, _) =>
        {
            handler.UseProxy = false;
            handler.UseCookies = false;
            handler.AllowAutoRedirect = false;
            handler.ConnectTimeout = ServiceDiscoveryResolver.ConnectPatience;
            handler.MaxConnectionsPerServer = Connections;
            handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2);
        });
}
