using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// One OpenAPI document of all services: their paths, tags and components, each in the order of names, with examples
/// and with the webhooks that are sent for the events described.
/// </summary>
public sealed class MergedDescription
{
    private static readonly JsonWriterOptions Writing = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Indented = true,
        NewLine = "\n",
    };

    private static readonly ExampleBook Examples = new();

    private readonly SortedDictionary<string, JsonNode> _paths = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, JsonNode> _tags = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SortedDictionary<string, JsonNode>> _components =
        new(StringComparer.Ordinal);

    private readonly List<string> _conflicts = [];

    /// <param name="services">Documents of services, which say nothing different under one name.</param>
    public MergedDescription(IEnumerable<JsonNode> services)
    {
        JsonNode? first = null;
        foreach (var said in services)
        {
            // What is added below is not the service's.
            var service = said.DeepClone();
            first ??= service;
            Add("paths", _paths, service["paths"]);
            foreach (var tag in service["tags"]?.AsArray() ?? [])
                _tags[(string)tag!["name"]!] = tag;
            foreach (var (kind, named) in service["components"]?.AsObject() ?? [])
            {
                if (!_components.TryGetValue(kind, out var known))
                    _components[kind] = known = new(StringComparer.Ordinal);
                Add($"components/{kind}", known, named);
            }
        }

        foreach (var (name, operation) in Operations())
            Examples.AddTo(name, operation);
        Bytes = Write((string)first!["openapi"]!, first["info"]!);
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(Bytes).AsSpan(0, 16))}\"";
    }

    public byte[] Bytes { get; }

    public string ETag { get; }

    /// <summary>
    /// Names that stand for two things: of these the first counts. While services of two releases run side by side that
    /// passes by itself.
    /// </summary>
    public IReadOnlyList<string> Conflicts => _conflicts;

    private void Add(string place, SortedDictionary<string, JsonNode> known, JsonNode? named)
    {
        foreach (var (name, value) in named?.AsObject() ?? [])
        {
            if (!known.TryAdd(name, value!) && !JsonNode.DeepEquals(known[name], value))
                _conflicts.Add($"{place}/{name}");
        }
    }

    private byte[] Write(string version, JsonNode info)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Writing))
        {
            json.WriteStartObject();
            json.WriteString("openapi", version);
            json.WritePropertyName("info");
            info.WriteTo(json);
            // Relative to where the document is read: the same one for every installation.
            json.WriteStartArray("servers");
            json.WriteStartObject();
            json.WriteString("url", "/");
            json.WriteEndObject();
            json.WriteEndArray();
            WriteObject(json, "paths", _paths);
            if (Find("schemas", WebhookDescription.EventSchema) is not null)
                WriteObject(json, "webhooks", WebhookDescription.All(Examples));
            json.WriteStartObject("components");
            foreach (var (kind, named) in _components)
                WriteObject(json, kind, named);
            json.WriteEndObject();
            json.WriteStartArray("tags");
            foreach (var tag in _tags.Values)
                tag.WriteTo(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private IEnumerable<(string Name, JsonNode Operation)> Operations() =>
        from path in _paths.Values
        from operation in path.AsObject()
        where operation.Value is JsonObject described && described["operationId"] is not null
        select ((string)operation.Value!["operationId"]!, operation.Value!);

    private JsonNode? Find(string kind, string name) => _components.GetValueOrDefault(kind)?.GetValueOrDefault(name);

    private static void WriteObject(
        Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, JsonNode>> named)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in named)
        {
            json.WritePropertyName(key);
            value.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
