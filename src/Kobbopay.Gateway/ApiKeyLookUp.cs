using System.Net;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.Gateway;

/// <summary>Asks Payments.</summary>
public sealed class ApiKeyLookUp(IHttpClientFactory clients)
{
    /// <summary>Longest answer that is read, in bytes.</summary>
    private const int AnswerLimit = 16 * 1024;

    /// <summary>Look-ups under way at once; more wait, and time out when Payments is too slow.</summary>
    private const int Connections = 32;

    public async Task<ApiKeyDescription?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(nameof(ApiKeyLookUp));
        using var answer = await client.GetAsync(
            new Uri($"{InternalApi.ApiKeys}/{hash}", UriKind.Relative), cancellationToken);
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
            handler.MaxConnectionsPerServer = Connections;
            handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2);
        });
}
