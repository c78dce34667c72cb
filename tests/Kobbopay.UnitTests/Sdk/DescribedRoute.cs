using System.Text.Json.Nodes;

namespace Kobbopay.UnitTests.Sdk;

/// <summary>A route of docs/openapi.json that a merchant's key, or a payer, may call.</summary>
internal sealed record DescribedRoute(string Method, string Path, JsonObject Operation, JsonObject Document)
{
    private static readonly string[] OthersTags = ["Operators", "Access requests", "Claims"];

    /// <summary>The schema of its success; null when it has none.</summary>
    public JsonObject? Answer => Operation["responses"]!.AsObject()
        .Where(answer => answer.Key[0] == '2')
        .Select(answer => answer.Value!["content"]?["application/json"]?["schema"] as JsonObject)
        .FirstOrDefault(schema => schema is not null);

    public IEnumerable<string> QueryNames =>
        from parameter in Operation["parameters"]?.AsArray() ?? []
        where (string?)parameter["in"] == "query"
        select (string)parameter["name"]!;

    public IEnumerable<string> BodyNames => PropertiesOf(
        Operation["requestBody"]?["content"]?["application/json"]?["schema"] as JsonObject).Select(one => one.Name);

    public static IReadOnlyList<DescribedRoute> All()
    {
        var document = JsonNode.Parse(
            File.ReadAllText(System.IO.Path.Combine(RepositoryTests.Root, "docs", "openapi.json")))!.AsObject();
        return
        [
            .. from path in document["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               let route = new DescribedRoute(
                   operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject(), document)
               where !route.Operation["tags"]!.AsArray().Any(tag => OthersTags.Contains((string)tag!))
               where !route.IsPage()
               select route,
        ];
    }

    public bool Fits(SentRequest request) => request.Method == Method
        && Path.Split('/') is var own && request.Path.Split('/') is var sent
        && own.Length == sent.Length && own.Zip(sent).All(one => one.First == one.Second || one.First.StartsWith('{'));

    /// <summary>The properties of a schema, those of the schemas that it is made of included.</summary>
    public IEnumerable<(string Name, JsonObject Schema, bool MayBeMissing)> PropertiesOf(JsonObject? schema)
    {
        if (schema is null)
            yield break;
        schema = Resolve(schema);
        foreach (var part in schema["allOf"]?.AsArray() ?? [])
        {
            foreach (var property in PropertiesOf(part!.AsObject()))
                yield return property;
        }

        var required = schema["required"]?.AsArray().Select(name => (string)name!).ToHashSet() ?? [];
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            var one = property!.AsObject();
            yield return (name, one, !required.Contains(name) || IsNullable(one));
        }
    }

    public JsonObject Resolve(JsonObject schema) => (string?)schema["$ref"] is { } reference
        ? Document["components"]!["schemas"]![reference.Split('/')[^1]]!.AsObject()
        : schema["oneOf"]?.AsArray().FirstOrDefault(choice => (string?)choice!["$ref"] is not null) is JsonObject choice
            ? Resolve(choice)
            : schema;

    public override string ToString() => $"{Method} {Path}";

    private static bool IsNullable(JsonObject schema) =>
        (schema["type"] is JsonArray types && types.Any(type => (string?)type == "null"))
        || (schema["oneOf"]?.AsArray().Any(choice => (string?)choice!["type"] == "null") ?? false);

    /// <summary>What a browser shows is no call of an SDK's.</summary>
    private bool IsPage() => Operation["responses"]!["200"]?["content"]?["text/html"] is not null;
}
