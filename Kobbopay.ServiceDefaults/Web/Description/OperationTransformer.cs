using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>What follows for an operation from who may call it, its path and its method.</summary>
internal sealed class OperationTransformer : IOpenApiOperationTransformer
{
    public const string ApiKey = "apiKey";
    public const string OperatorKey = "operatorKey";
    public const string IdempotencyKey = "IdempotencyKey";
    public const string Problem = "Problem";

    private const string ScopeExtension = "x-kobbopay-scope";
    private const string EnvironmentExtension = "x-kobbopay-environment";

    /// <summary>Tags are the first segment of a path, said in words; these have other ones.</summary>
    private static readonly Dictionary<string, string> Tags = new(StringComparer.Ordinal)
    {
        ["api-keys"] = "API keys",
        ["public"] = "Public status",
        ["pay"] = "Public status",
        ["operator"] = "Operators",
        ["request-access"] = "Access requests",
        ["claim"] = "Claims",
    };

    public Task TransformAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var route = context.Description;
        var metadata = route.ActionDescriptor.EndpointMetadata;
        var path = $"/{route.RelativePath}";
        var access = ApiDescriptionExtensions.AccessOf(route)!;
        operation.Tags = new HashSet<OpenApiTagReference> { new(TagOf(path), context.Document) };
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponseReference(Problem, context.Document);
        foreach (var text in metadata.OfType<AnsweredText>())
            AddText(operation.Responses["200"], text.ContentType);
        Secure(operation, access, context.Document);
        operation.Parameters = [.. ParametersOf(operation, path, metadata.OfType<TakenParameter>())];
        if (access is RouteAccess.Merchant or RouteAccess.Operator && HttpMethods.IsPost(route.HttpMethod!))
            operation.Parameters.Add(new OpenApiParameterReference(IdempotencyKey, context.Document));
        ProblemResponses.AddTo(operation, route, context.Document);
        operation.Description = WordsOf(access);
        return Task.CompletedTask;
    }

    /// <summary>Who may call it, for people.</summary>
    private static string WordsOf(RouteAccess access) => access switch
    {
        RouteAccess.Merchant { TestOnly: true, Scope: var scope } => $"With a test key that has the scope `{scope}`.",
        RouteAccess.Merchant { Scope: var scope } => $"With an API key that has the scope `{scope}`.",
        RouteAccess.Operator => "For operators of this installation.",
        _ => "For anybody, without a key.",
    };

    private static string TagOf(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var first = segments[0] == ApiDescriptionExtensions.Version ? segments[1] : segments[0];
        return Tags.GetValueOrDefault(first)
            ?? char.ToUpperInvariant(first[0]) + first[1..].Replace('-', ' ');
    }

    private static void AddText(IOpenApiResponse response, string contentType)
    {
        var content = ((OpenApiResponse)response).Content ??= new Dictionary<string, OpenApiMediaType>();
        content[contentType] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
    }

    private static void Secure(OpenApiOperation operation, RouteAccess access, OpenApiDocument? document)
    {
        var scheme = access switch
        {
            RouteAccess.Merchant => ApiKey,
            RouteAccess.Operator => OperatorKey,
            _ => null,
        };
        if (scheme is not null)
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] }];
        if (access is not RouteAccess.Merchant merchant)
            return;

        operation.AddExtension(ScopeExtension, new JsonNodeExtension(merchant.Scope));
        if (merchant.TestOnly)
            operation.AddExtension(EnvironmentExtension, new JsonNodeExtension("test"));
    }

    /// <summary>
    /// First those of the path, then those of the query: what the handler binds and what it reads by itself, each once.
    /// </summary>
    private static IEnumerable<IOpenApiParameter> ParametersOf(
        OpenApiOperation operation, string path, IEnumerable<TakenParameter> taken)
    {
        var query = new List<TakenParameter>();
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (parameter.In == ParameterLocation.Path)
            {
                KnownParameters.DescribeInPath(parameter, path);
                yield return parameter;
            }
            else if (parameter.In == ParameterLocation.Query)
            {
                query.Add(new TakenParameter(parameter.Name!) { IsRequired = parameter.Required });
            }
        }

        query.AddRange(taken);
        foreach (var same in query.GroupBy(parameter => parameter.Name, StringComparer.Ordinal))
            yield return KnownParameters.OfQuery(same.Aggregate(Add));
    }

    private static TakenParameter Add(TakenParameter known, TakenParameter more) => known with
    {
        Description = more.Description ?? known.Description,
        Values = more.Values ?? known.Values,
        IsRequired = more.IsRequired || known.IsRequired,
        Least = more.Least ?? known.Least,
        Most = more.Most ?? known.Most,
    };
}
