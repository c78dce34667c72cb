using Kobbopay.Gateway.Docs;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Gateway;

/// <summary>The only public port: who calls, may they, and which service answers. It keeps no database.</summary>
public static class Program
{
    public static Task Main(string[] args) => Build(args).RunAsync();

    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddPublicTracing();
        builder.AddApiKeyAuthentication();
        builder.AddForwarding();
        builder.AddPublicDescription();

        var app = builder.Build();
        app.UsePublicEdge();
        app.UseServiceDefaults();
        app.UseMiddleware<BrowserGuard>();
        app.MapRoutes();
        app.MapPublicDescription();
        return app;
    }
}
