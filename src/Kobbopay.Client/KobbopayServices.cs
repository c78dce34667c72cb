using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.Client;

/// <summary>Registers the client.</summary>
public static class KobbopayServices
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Registers <see cref="KobbopayClient"/> over <see cref="IHttpClientFactory"/>. Its clock is the
    /// registered <see cref="TimeProvider"/>, or the system's.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets at least the address and the API key.</param>
    /// <returns>For the HTTP client's own configuration, such as a proxy.</returns>
    public static IHttpClientBuilder AddKobbopayClient(
        this IServiceCollection services, Action<KobbopayClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return services
            // Each attempt has its own limit.
            .AddHttpClient(nameof(KobbopayClient), http => http.Timeout = Timeout.InfiniteTimeSpan)
            // A redirect would carry the key to wherever it leads.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                PooledConnectionLifetime = ConnectionLifetime,
            })
            .AddTypedClient((http, provider) =>
            {
                var options = new KobbopayClientOptions();
                configure(options);
                return new KobbopayClient(http, options, provider.GetService<TimeProvider>());
            });
    }
}
