using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>The parts that all operations share, and what bodies have beyond what their types say.</summary>
internal sealed class DocumentTransformer : IOpenApiDocumentTransformer
{
    private const string Words =
        "Payments in stablecoins for merchants' backends. Begin with the [quick start](/docs/quickstart); each problem "
        + "code is explained at [/docs/errors](/docs/errors). Only additions are made to `/v1`: read over fields, "
        + "event types and codes that you don't know.";

    public Task TransformAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Kobbopay",
            Version = ApiDescriptionExtensions.Version,
            Description = Words,
        };
        document.Servers = [];
        document.Tags = document.Paths
            .SelectMany(path => path.Value.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>())
            .SelectMany(operation => operation.Tags ?? Enumerable.Empty<OpenApiTagReference>())
            .Select(tag => tag.Reference.Id!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => new OpenApiTag { Name = name })
            .ToHashSet();
        var components = document.Components ??= new OpenApiComponents();
        components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [OperationTransformer.ApiKey] = KeyIn(
                "x-api-key", "A merchant's secret key, kp_test_... or kp_live_...; never in a browser."),
            [OperationTransformer.OperatorKey] = KeyIn(
                "x-operator-key", "The key of an operator of this installation."),
        };
        components.Parameters = new Dictionary<string, IOpenApiParameter>(StringComparer.Ordinal)
        {
            [OperationTransformer.IdempotencyKey] = new OpenApiParameter
            {
                Name = Idempotency.Header,
                In = ParameterLocation.Header,
                Description = "Makes the request safe to repeat for 24 hours: the first success is answered again.",
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    MinLength = 1,
                    MaxLength = Idempotency.LongestKey,
                    Pattern = "^[ -~]+$",
                },
            },
        };
        components.Responses = new Dictionary<string, IOpenApiResponse>(StringComparer.Ordinal)
        {
            [OperationTransformer.Problem] = new OpenApiResponse
            {
                Description = "Any refusal or failure; the code tells which.",
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    [Problems.ContentType] = new OpenApiMediaType
                    {
                        Schema = new OpenApiSchemaReference(OperationTransformer.Problem, document),
                    },
                },
            },
        };
        ProblemResponses.Define(document);
        foreach (var bodies in BodiesOf(context).GroupBy(body => body.Taken.Type))
            DescribeBody([.. bodies], document);
        return Task.CompletedTask;
    }

    private static OpenApiSecurityScheme KeyIn(string header, string description) => new()
    {
        Type = SecuritySchemeType.ApiKey,
        In = ParameterLocation.Header,
        Name = header,
        Description = description,
    };

    private static IEnumerable<(TakenBody Taken, string? OperationId)> BodiesOf(
        OpenApiDocumentTransformerContext context) =>
        from route in context.DescriptionGroups.SelectMany(routes => routes.Items)
        where ApiDescriptionExtensions.IsPublic(route)
        let metadata = route.ActionDescriptor.EndpointMetadata
        from taken in metadata.OfType<TakenBody>()
        select (taken, metadata.OfType<IEndpointNameMetadata>().LastOrDefault()?.EndpointName);

    /// <summary>
    /// A body must have what all routes that take it demand; where one of them demands more (a creation, beside a
    /// change), that is said at the route.
    /// </summary>
    private static void DescribeBody((TakenBody Taken, string? OperationId)[] bodies, OpenApiDocument document)
    {
        var name = SchemaNames.Of(bodies[0].Taken.Type);
        var always = bodies.Select(body => body.Taken.Required.AsEnumerable())
            .Aggregate((some, others) => some.Intersect(others, StringComparer.Ordinal)).ToArray();
        Restrict(name, always, document.Components!, new(StringComparer.Ordinal));
        foreach (var (taken, operationId) in bodies.Where(body => body.Taken.Required.Count > always.Length))
        {
            var operation = document.Paths.SelectMany(path => path.Value.Operations!.Values)
                .First(operation => operation.OperationId == operationId);
            operation.RequestBody!.Content!["application/json"].Schema = new OpenApiSchema
            {
                AllOf =
                [
                    new OpenApiSchemaReference(name, document),
                    new OpenApiSchema { Required = taken.Required.ToHashSet(StringComparer.Ordinal) },
                ],
            };
        }
    }

    /// <summary>
    /// An optional field may be null or left out, a required one neither; a field that is not known is refused, in the
    /// body and in every object of it.
    /// </summary>
    private static void Restrict(
        string name, IReadOnlyCollection<string> required, OpenApiComponents components, HashSet<string> done)
    {
        IOpenApiSchema? found = null;
        if (!done.Add(name) || components.Schemas?.TryGetValue(name, out found) is not true
            || found is not OpenApiSchema { Type: JsonSchemaType.Object } schema)
            return;

        schema.AdditionalPropertiesAllowed = false;
        schema.Required = required.ToHashSet(StringComparer.Ordinal);
        foreach (var (field, value) in schema.Properties?.ToArray() ?? [])
        {
            if (required.Contains(field))
                schema.Properties![field] = WithoutNull(value);
            foreach (var inner in NamesIn(value))
                Restrict(inner, [], components, done);
        }
    }

    private static IOpenApiSchema WithoutNull(IOpenApiSchema schema)
    {
        if (schema.OneOf is [{ Type: JsonSchemaType.Null }, var other])
            return other;
        if (schema is OpenApiSchema { Type: { } type } inPlace)
            inPlace.Type = type & ~JsonSchemaType.Null;
        return schema;
    }

    private static IEnumerable<string> NamesIn(IOpenApiSchema schema) => schema is OpenApiSchemaReference named
        ? [named.Reference.Id!]
        : (schema.OneOf ?? []).Append(schema.Items).OfType<IOpenApiSchema>().SelectMany(NamesIn);
}
