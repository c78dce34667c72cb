using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>HTTP from one service of the system to another: by logical name, with the caller's own identity.</summary>
public static class ServiceClients
{
    /// <summary>An answer that has not come by then is asked for again by whoever needs it.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The named client <paramref name="client"/> that reaches <paramref name="service"/> (a
    /// <see cref="ResourceNames"/> name, found through service discovery) and signs each call;
    /// <c>Identity:Issue:{service}</c> is its key.
    /// </summary>
    public static IHttpClientBuilder AddServiceClient(
        this IServiceCollection services, string client, string service) =>
        services
            .AddHttpClient(client, http =>
            {
                http.BaseAddress = new Uri($"https+http://{service}");
                http.Timeout = Timeout;
            })
            // Whoever stood in between could use the identity that each call carries.
            .UseSocketsHttpHandler((handler, _) => handler.UseProxy = false)
            .AddHttpMessageHandler(provider =>
                new SignedCalls(provider.GetRequiredService<IdentityIssuer>(), service));

    private sealed class SignedCalls(IdentityIssuer issuer, string service) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            issuer.SignCall(service, request.Headers);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
