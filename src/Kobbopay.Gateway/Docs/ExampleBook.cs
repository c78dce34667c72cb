using System.Text.Json.Nodes;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// docs/examples.json: what was sent to a running system, and what it answered, by operation and status; and an event
/// of each type. Keys, secrets, tokens and addresses are made up. A test holds each against its schema.
/// </summary>
internal sealed class ExampleBook
{
    private readonly JsonNode _examples;

    public ExampleBook()
    {
        using var stream = typeof(ExampleBook).Assembly.GetManifestResourceStream("docs/examples.json")
            ?? throw new InvalidOperationException("docs/examples.json is not embedded");
        _examples = JsonNode.Parse(stream)!;
    }

    /// <summary>To the body and the successes that the operation has in JSON, or in the one other form.</summary>
    public void AddTo(string operationId, JsonNode operation)
    {
        if (_examples["operations"]![operationId] is not { } known)
            return;
        Add(operation["requestBody"], known["request"]);
        foreach (var (status, response) in operation["responses"]?.AsObject() ?? [])
            Add(response, known[status]);
    }

    public JsonNode EventOf(string type) => _examples["events"]![type]!.DeepClone();

    private static void Add(JsonNode? place, JsonNode? example)
    {
        if (example is null || place?["content"]?.AsObject() is not { Count: > 0 } content)
            return;
        var media = content["application/json"] ?? content.First().Value!;
        media["example"] = example.DeepClone();
    }
}
