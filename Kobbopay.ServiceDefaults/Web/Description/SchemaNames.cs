using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>The name of a type in the description where it is not the type's own.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SchemaNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>What JSON a type with a converter of its own is.</summary>
/// <param name="types">The items of an array are texts.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class SchemaTypeAttribute(JsonSchemaType types) : Attribute
{
    public JsonSchemaType Types { get; } = types;

    /// <summary>Of a text.</summary>
    public string? Pattern { get; init; }

    internal void Describe(OpenApiSchema schema)
    {
        schema.Type = Types;
        schema.Pattern = Pattern;
        if (Types.HasFlag(JsonSchemaType.Array))
            schema.Items = new OpenApiSchema { Type = JsonSchemaType.String };
    }
}

/// <summary>
/// Names of schemas, which generated clients show: what a thing is, not that it is JSON.
/// </summary>
internal static class SchemaNames
{
    private static readonly string[] Endings = ["Json", "Body"];

    /// <summary>Null for what is described in its place.</summary>
    public static string? Of(JsonTypeInfo type) => type switch
    {
        { Kind: JsonTypeInfoKind.Object } => Of(type.Type),
        _ when type.Type == typeof(JsonElement) => null,
        _ => OpenApiOptions.CreateDefaultSchemaReferenceId(type),
    };

    public static string Of(Type type)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Page<>))
            return $"{Of(type.GetGenericArguments()[0])}Page";
        if (type.GetCustomAttribute<SchemaNameAttribute>(inherit: false) is { Name: var name })
            return name;
        var ending = Array.Find(Endings, end => type.Name.EndsWith(end, StringComparison.Ordinal));
        return type.Name[..^(ending?.Length ?? 0)];
    }
}
