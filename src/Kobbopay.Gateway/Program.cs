using Kobbopay.Gateway.Docs;
using Kobbopay.Gateway.Operators;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Gateway;

/// <summary>The only public port: who calls, may they, and which service answers. It keeps no database.</summary>
public static class Program
{
    public static Task Main(string[] args) => Build(args).RunAsync();

    /// <param name="clock">The tests' clock; the system's when null.</param>
    public static WebApplication Build(string[] args, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();
        builder.AddServerLimits();
        builder.AddPublicTracing();
        builder.AddApiKeyAuthentication();
        builder.AddOperators();
        builder.AddForwarding();
        builder.AddPublicDescription();
        builder.AddDocumentation();
        builder.AddGatewayMessaging();

        var app = builder.Build();
        app.UseTrustedProxies();
        app.UsePublicEdge();
        app.UseServiceDefaults();
        app.UseOperatorPort();
        app.UseMiddleware<BrowserGuard>();
        app.MapRoutes();
        app.MapPublicDescription();
        app.MapDocumentation();
        app.MapReference();
        return app;
    }
}
