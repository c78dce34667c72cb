using Yarp.ReverseProxy.Configuration;

namespace Kobbopay.Bench.Roles;

/// <summary>A bare YARP in front of one address: what a gateway costs before it does anything of its own.</summary>
internal static class ProxyRole
{
    public const string Name = "proxy";

    public static Task ServeAsync(string target)
    {
        var builder = Role.BareServer();
        var match = new RouteMatch { Path = "{**rest}" };
        var route = new RouteConfig { RouteId = "all", ClusterId = "one", Match = match };
        var destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal)
        {
            ["one"] = new() { Address = target },
        };
        builder.Services.AddReverseProxy()
            .LoadFromMemory([route], [new ClusterConfig { ClusterId = "one", Destinations = destinations }]);
        var app = builder.Build();
        app.MapReverseProxy();
        return Role.ServeAsync(app);
    }
}
