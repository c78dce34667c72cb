using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.Gateway;

/// <summary>
/// What can be reached from outside, and nothing else can: a service's <c>/internal</c>, <c>/health</c> and
/// <c>/alive</c> have no route here.
/// </summary>
public static class Routes
{
    /// <summary>Any other method is 405 with an <c>Allow</c> header, before a service hears of it.</summary>
    private static readonly string[] Methods =
    [
        HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete,
        HttpMethods.Options,
    ];

    public static void MapRoutes(this WebApplication app)
    {
        var forwarding = app.Services.GetRequiredService<Forwarding>();

        Forward(ResourceNames.Payments, forwarding.ForMerchantAsync,
            "/v1/payments", "/v1/events", "/v1/sandbox", "/v1/rails", "/v1/exceptions", "/v1/unmatched-transfers",
            "/v1/reports");
        Forward(ResourceNames.Webhooks, forwarding.ForMerchantAsync,
            "/v1/webhook-endpoints", "/v1/webhook-deliveries", "/v1/webhook-tools", "/v1/certification");
        Forward(ResourceNames.PublicStatus, forwarding.ForAnybodyAsync,
            "/v1/public", "/pay");

        void Forward(string service, Func<HttpContext, string, Task> forward, params string[] prefixes)
        {
            foreach (var prefix in prefixes)
            {
                // Public to the identity check, which is about callers inside: keys are the gateway's own matter.
                app.MapMethods($"{prefix}/{{**rest}}", Methods, http => forward(http, service)).AllowPublic();
            }
        }
    }
}
