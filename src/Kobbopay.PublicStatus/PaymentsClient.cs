using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.PublicStatus;

/// <summary>The client that reaches Payments with this service's signed identity.</summary>
internal static class PaymentsClient
{
    public static IServiceCollection AddPaymentsClient(this IServiceCollection services)
    {
        services.AddHttpClient(FeedHealer.HttpClientName, client =>
            {
                client.BaseAddress = new Uri($"https+http://{ResourceNames.Payments}");
                client.Timeout = TimeSpan.FromSeconds(10);
            })
            .AddHttpMessageHandler(provider => new SignedCalls(provider.GetRequiredService<IdentityIssuer>()));
        return services;
    }

    private sealed class SignedCalls(IdentityIssuer issuer) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            issuer.SignCall(ResourceNames.Payments, request.Headers);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
