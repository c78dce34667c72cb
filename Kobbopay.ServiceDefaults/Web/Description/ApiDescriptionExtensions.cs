using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>
/// Each service describes its public routes as OpenAPI, from the routes themselves; the gateway makes one document of
/// them all, which is docs/openapi.json.
/// </summary>
public static class ApiDescriptionExtensions
{
    /// <summary>Where a service tells it to the gateway, and the gateway to everybody.</summary>
    public const string Path = $"/openapi/{Version}.json";

    public const string Version = "v1";

    /// <param name="contexts">The JSON of every body that a public route takes or answers; nothing is found by
    /// reflection.</param>
    public static void AddApiDescription(
        this IHostApplicationBuilder builder, params IJsonTypeInfoResolver[] contexts)
    {
        builder.Services.Configure<JsonOptions>(options =>
        {
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            options.SerializerOptions.TypeInfoResolver =
                JsonTypeInfoResolver.Combine([ProblemJson.Default, .. contexts]);
        });
        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Transient<IApiDescriptionProvider, RouteDescriptionProvider>());
        builder.Services.AddOpenApi(Version, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = IsPublic;
            options.CreateSchemaReferenceId = SchemaNames.Of;
            options.AddSchemaTransformer<SchemaTransformer>();
            options.AddOperationTransformer<OperationTransformer>();
            options.AddDocumentTransformer<DocumentTransformer>();
        });
    }

    public static void MapApiDescription(this WebApplication app) =>
        app.MapOpenApi("/openapi/{documentName}.json").RequireService(ResourceNames.Gateway);

    /// <summary>HEAD goes without saying where GET is, and OPTIONS are the browser's own.</summary>
    internal static bool IsPublic(ApiDescription route) =>
        AccessOf(route) is not (null or RouteAccess.Internal)
        && route.HttpMethod is { } method && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    internal static RouteAccess? AccessOf(ApiDescription route) =>
        route.ActionDescriptor.EndpointMetadata.OfType<RouteAccess>().LastOrDefault();
}
