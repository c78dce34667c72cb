using System.Text.Json.Nodes;
using Kobbopay.Gateway.Docs;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Kobbopay.UnitTests.Description;

/// <summary>All services as they are built, none of them started, and what each says of its routes.</summary>
public sealed class DescribedServices : IAsyncLifetime
{
    private static readonly string[] Settings =
    [
        "--ConnectionStrings:paymentsdb=Host=nowhere.invalid",
        "--ConnectionStrings:webhooksdb=Host=nowhere.invalid",
        "--ConnectionStrings:publicstatusdb=Host=nowhere.invalid",
        "--ConnectionStrings:messaging=amqp://nowhere.invalid",
        "--PublicUrl=https://pay.example.com",
        "--Secrets:CurrentKey=k1",
        $"--Secrets:Keys:k1={new string('k', 43)}",
    ];

    private readonly List<WebApplication> _apps = [];

    /// <summary>By name; a service has endpoints in its order.</summary>
    public Dictionary<string, DescribedService> Services { get; } = new(StringComparer.Ordinal);

    public MergedDescription Merged { get; private set; } = null!;

    public JsonNode Json { get; private set; } = null!;

    /// <summary>Prefixes of the paths that the gateway sends to a service.</summary>
    public IReadOnlyList<string> GatewayPrefixes { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        await AddAsync(ResourceNames.Payments, Kobbopay.Payments.Program.Build(ArgumentsOf("Payments")));
        await AddAsync(ResourceNames.Webhooks, Kobbopay.Webhooks.Program.Build(ArgumentsOf("Webhooks")));
        await AddAsync(ResourceNames.PublicStatus, Kobbopay.PublicStatus.Program.Build(ArgumentsOf("PublicStatus")));
        Merged = new MergedDescription(Services.Values.Select(service => service.Json));
        Json = JsonNode.Parse(Merged.Bytes)!;
        var gateway = Kobbopay.Gateway.Program.Build(ArgumentsOf("Gateway"));
        const string Rest = "/{**rest}";
        GatewayPrefixes = [.. EndpointsOf(gateway).Select(endpoint => endpoint.RoutePattern.RawText!)
            .Where(route => route.EndsWith(Rest, StringComparison.Ordinal)).Select(route => route[..^Rest.Length])];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
            await app.DisposeAsync();
    }

    private static string[] ArgumentsOf(string service) => [$"--applicationName=Kobbopay.{service}", .. Settings];

    private async Task AddAsync(string name, WebApplication app)
    {
        var endpoints = EndpointsOf(app);
        var document = await app.Services
            .GetRequiredKeyedService<IOpenApiDocumentProvider>(ApiDescriptionExtensions.Version)
            .GetOpenApiDocumentAsync(TestContext.Current.CancellationToken);
        var text = await document.SerializeAsJsonAsync(
            OpenApiSpecVersion.OpenApi3_1, TestContext.Current.CancellationToken);
        Services[name] = new DescribedService(endpoints, JsonNode.Parse(text)!);
    }

    private List<RouteEndpoint> EndpointsOf(WebApplication app)
    {
        _apps.Add(app);
        // What a start does as its last step: only then do the service's own parts see its routes.
        app.UseEndpoints(_ => { });
        return [.. app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];
    }
}

public sealed record DescribedService(IReadOnlyList<RouteEndpoint> Endpoints, JsonNode Json);
