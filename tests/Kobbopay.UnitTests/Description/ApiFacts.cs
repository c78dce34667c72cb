using System.Text.Json.Nodes;

namespace Kobbopay.UnitTests.Description;

/// <summary>
/// What callers may rely on, taken from an OpenAPI document: a set of sentences. A change of the document that breaks a
/// caller takes one away (a route, a field, a value; a field that was optional; a type); what is merely added takes
/// none.
/// </summary>
internal static class ApiFacts
{
    private static readonly string[] Methods = ["get", "put", "post", "patch", "delete"];

    public static IReadOnlyList<string> Of(JsonNode document)
    {
        var facts = new SortedSet<string>(StringComparer.Ordinal);
        var (taken, given) = (new Schemas(document), new Schemas(document));
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject().Where(entry => Methods.Contains(entry.Key)))
                facts.UnionWith(OfOperation($"{method.ToUpperInvariant()} {path}", operation!, taken, given));
        }

        foreach (var (type, webhook) in document["webhooks"]?.AsObject() ?? [])
        {
            facts.Add($"event {type}");
            var schema = webhook!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]!;
            facts.UnionWith(given.Describe($"event {type}", schema));
        }

        while (taken.Next() is { } name)
            facts.UnionWith(OfTaken(name, taken));
        while (given.Next() is { } name)
            facts.UnionWith(given.Describe(name, given.Schema(name)));
        return [.. facts];
    }

    private static IEnumerable<string> OfOperation(
        string operation, JsonNode described, Schemas taken, Schemas given)
    {
        yield return operation;
        yield return $"{operation} is named {described["operationId"]}";
        if (described["security"]?.AsArray().FirstOrDefault() is { } security)
        {
            var scope = described["x-kobbopay-scope"];
            yield return $"{operation} is open to {security.AsObject().First().Key} {scope}".TrimEnd();
        }
        else
        {
            yield return $"{operation} is open to anybody";
        }

        foreach (var parameter in described["parameters"]?.AsArray().Select(taken.Resolve) ?? [])
        {
            var name = $"{(string)parameter["in"]!} {(string)parameter["name"]!}";
            foreach (var fact in Alternatives($"{operation} takes {name}", parameter["schema"]!, taken))
                yield return fact;
            if ((bool?)parameter["required"] is not true)
                yield return $"{operation} does without {name}";
        }

        if (described["requestBody"] is { } body)
        {
            foreach (var (type, media) in body["content"]!.AsObject())
            {
                yield return $"{operation} takes {type} {taken.Name(media!["schema"]!)}";
                foreach (var field in OptionalOf(media["schema"]!, taken))
                    yield return $"{operation} does without body {field}";
            }

            if ((bool?)body["required"] is not true)
                yield return $"{operation} does without a body";
        }

        foreach (var (status, response) in Answers(described))
        {
            yield return $"{operation} answers {status}";
            foreach (var (type, media) in given.Resolve(response)["content"]?.AsObject() ?? [])
                yield return $"{operation} answers {status} {type} {given.Name(media!["schema"]!)}";
        }
    }

    /// <summary>Successes, and the one form of all refusals: which of them there are may change.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Answers(JsonNode operation) =>
        operation["responses"]!.AsObject().Where(answer => answer.Key is "default" or ['2', ..]);

    /// <summary>An operation may demand more than its body's schema does, which others share.</summary>
    private static IEnumerable<string> OptionalOf(JsonNode schema, Schemas taken)
    {
        var required = taken.RequiredOf(schema);
        return taken.FieldsOf(schema).Where(field => !required.Contains(field));
    }

    private static IEnumerable<string> OfTaken(string name, Schemas schemas)
    {
        var schema = schemas.Schema(name);
        var required = schemas.RequiredOf(schema);
        foreach (var fact in Alternatives(name, schema, schemas))
            yield return fact;
        foreach (var (field, value) in schema["properties"]?.AsObject() ?? [])
        {
            foreach (var fact in Alternatives($"{name} takes {field}", value!, schemas))
                yield return fact;
            if (!required.Contains(field))
                yield return $"{name} does without {field}";
        }
    }

    /// <summary>A sentence for each type and value that is taken: fewer of them break a caller, more do not.</summary>
    private static IEnumerable<string> Alternatives(string place, JsonNode schema, Schemas schemas)
    {
        yield return place;
        foreach (var type in schemas.TypesOf(schema))
            yield return $"{place} as {type}";
        foreach (var value in schema["enum"]?.AsArray() ?? [])
            yield return $"{place} as \"{value}\"";
    }
}

/// <summary>The named schemas of a document that have been met so far.</summary>
internal sealed class Schemas(JsonNode document)
{
    private readonly HashSet<string> _met = new(StringComparer.Ordinal);
    private readonly Queue<string> _waiting = new();

    /// <summary>The next one to be described; null when all are.</summary>
    public string? Next() => _waiting.TryDequeue(out var name) ? name : null;

    public JsonNode Schema(string name) => document["components"]!["schemas"]![name]!;

    public JsonNode Resolve(JsonNode? node) => (string?)node!["$ref"] is { } reference
        ? reference.Split('/')[1..].Aggregate(document, (found, name) => found[name]!)
        : node;

    /// <summary>A name, or the types of what has none.</summary>
    public string Name(JsonNode schema) => string.Join('|', TypesOf(schema));

    /// <summary>Types as JSON has them, and names of schemas, which are looked into later.</summary>
    public IEnumerable<string> TypesOf(JsonNode schema)
    {
        if ((string?)schema["$ref"] is { } reference)
            return [Meet(reference.Split('/')[^1])];
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray several)
            return several.SelectMany(one => TypesOf(one!)).Order(StringComparer.Ordinal);
        if (schema["allOf"] is JsonArray parts)
            return parts.Where(part => part!["$ref"] is not null).SelectMany(part => TypesOf(part!));
        var types = schema["type"] switch
        {
            JsonArray many => many.Select(type => (string)type!),
            null => ["any"],
            var one => [(string)one!],
        };
        return types.Order(StringComparer.Ordinal).Select(type => type switch
        {
            "array" => $"array of {Name(schema["items"] ?? new JsonObject())}",
            "object" when schema["additionalProperties"] is JsonObject values => $"object of {Name(values)}",
            _ => type,
        });
    }

    public HashSet<string> RequiredOf(JsonNode schema) => [.. PartsOf(schema)
        .SelectMany(part => part["required"]?.AsArray() ?? []).Select(name => (string)name!)];

    public IEnumerable<string> FieldsOf(JsonNode schema) => PartsOf(schema)
        .SelectMany(part => part["properties"]?.AsObject() ?? []).Select(field => field.Key);

    /// <summary>What an answer has: each field with all that it may be, and whether it is always there.</summary>
    public IEnumerable<string> Describe(string name, JsonNode schema)
    {
        var parts = schema["allOf"]?.AsArray().Select(part => part!) ?? Enumerable.Repeat(schema, 1);
        foreach (var part in parts)
        {
            if (part["$ref"] is not null)
                yield return $"{name} is {Name(part)}";
            foreach (var (field, value) in part["properties"]?.AsObject() ?? [])
            {
                yield return $"{name} has {field} as {Name(value!)}";
                foreach (var word in value!["enum"]?.AsArray() ?? [])
                    yield return $"{name} has {field} as \"{word}\"";
                if (value["properties"] is not null)
                {
                    foreach (var fact in Describe($"{name} {field}", value))
                        yield return fact;
                }
            }

            foreach (var field in part["required"]?.AsArray() ?? [])
                yield return $"{name} always has {field}";
        }
    }

    private IEnumerable<JsonNode> PartsOf(JsonNode schema) => schema["allOf"] is JsonArray parts
        ? parts.SelectMany(part => PartsOf(Resolve(part)))
        : [Resolve(schema)];

    private string Meet(string name)
    {
        if (_met.Add(name))
            _waiting.Enqueue(name);
        return name;
    }
}
