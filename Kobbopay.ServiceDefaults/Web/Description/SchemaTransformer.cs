using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>
/// What our JSON has beyond what its types say: an answer has all its fields always, those included that are null.
/// Bodies are <see cref="DocumentTransformer"/>'s.
/// </summary>
internal sealed class SchemaTransformer : IOpenApiSchemaTransformer
{
    public Task TransformAsync(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo;
        if (type.Kind == JsonTypeInfoKind.Object)
        {
            schema.Required = type.Properties.Where(field => IsAlways(type, field)).Select(field => field.Name)
                .ToHashSet(StringComparer.Ordinal);
        }

        TypeOf(type.Type)?.Describe(schema);
        // The framework has no items where they have a converter of their own.
        if (type is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } items } && TypeOf(items) is { } ofItems)
        {
            var item = new OpenApiSchema();
            ofItems.Describe(item);
            schema.Items = item;
        }

        if (type.Type == typeof(ProblemBody) && schema.Properties is { } fields)
            DescribeProblem(fields);
        return Task.CompletedTask;
    }

    private static SchemaTypeAttribute? TypeOf(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type).GetCustomAttribute<SchemaTypeAttribute>();

    /// <summary>A problem leaves out what it has not; elsewhere that is said at the field.</summary>
    private static bool IsAlways(JsonTypeInfo type, JsonPropertyInfo field) =>
        field.Get is not null && field.ShouldSerialize is null
        && (type.Type != typeof(ProblemBody) || !field.IsGetNullable);

    private static void DescribeProblem(IDictionary<string, IOpenApiSchema> fields)
    {
        ((OpenApiSchema)fields["code"]).Enum =
            [.. ProblemCodes.All.Keys.Order(StringComparer.Ordinal).Select(code => (JsonNode)code)];
        ((OpenApiSchema)fields["code"]).Description = "What went wrong: a closed list, never renamed.";
        ((OpenApiSchema)fields["type"]).Description = "Where the code is explained.";
        ((OpenApiSchema)fields["detail"]).Description = "What went wrong, for a person to read.";
        ((OpenApiSchema)fields["retryable"]).Description = "Whether the same request may succeed later, unchanged.";
    }
}
