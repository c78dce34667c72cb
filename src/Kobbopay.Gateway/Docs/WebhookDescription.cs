using System.Text.Json.Nodes;
using Kobbopay.Contracts;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// The <c>webhooks</c> of the OpenAPI document: one for each type of event, which is the one way in which they differ.
/// </summary>
internal static class WebhookDescription
{
    /// <summary>What Payments calls the body of an event.</summary>
    public const string EventSchema = "Event";

    private const string Tag = "Webhooks";

    /// <summary>In words, by type.</summary>
    private static readonly Dictionary<string, string> Summaries = new(StringComparer.Ordinal)
    {
        ["payment.created"] = "A payment was created",
        ["payment.partially_paid"] = "A transfer was seen, and it is still below due",
        ["payment.paid"] = "Enough has been seen, and it is not final",
        ["payment.confirmed"] = "The payment is final",
        ["payment.amount_changed"] = "Transfers came, went or took another's place",
        ["payment.reverted"] = "Transfers left the chain, and it is no longer paid",
        ["payment.expired"] = "The window ended, and not enough had come",
        ["payment.canceled"] = "A payment was canceled",
        ["payment.late_transfer"] = "A transfer came to an expired or canceled payment",
        ["payment.resolved"] = "What had come to a closed payment was dismissed",
        ["payment.finality_violated"] = "The chain took back what was final",
        [EventTypes.EndpointFailing] = "Another endpoint fails, and will be disabled",
        [EventTypes.EndpointDisabled] = "Another endpoint was disabled",
        [EventTypes.ApiKeyMisused] = "An API key came from a browser",
        [EventTypes.XpubChanged] = "The xpub that payments are paid to was changed",
        [EventTypes.WebhookTest] = "A test that was asked for, about no payment",
    };

    private static readonly (string Name, string Description)[] Headers =
    [
        ("webhook-id", "The event's id, the same at every attempt."),
        ("webhook-timestamp", "Unix seconds of this attempt."),
        ("webhook-signature", "Standard Webhooks 1.0: `v1,` and base64, during a rotation two of them."),
        ("X-Kobbopay-Event-Id", "The event's id again."),
        ("X-Kobbopay-Delivery-Id", "The delivery: this event to this endpoint."),
        ("X-Kobbopay-Timestamp", "Unix seconds of this attempt again."),
        ("X-Kobbopay-Signature", "Hex HMAC-SHA256 over the time, a dot and the raw body."),
    ];

    public static SortedDictionary<string, JsonNode> All(ExampleBook examples) => new(
        EventTypes.All.Append(EventTypes.WebhookTest)
            .ToDictionary(type => type, type => (JsonNode)Describe(type, examples.EventOf(type))),
        StringComparer.Ordinal);

    private static JsonObject Describe(string type, JsonNode example) => new JsonObject
    {
        ["post"] = new JsonObject
        {
            ["tags"] = new JsonArray(Tag),
            ["summary"] = Summaries[type],
            ["description"] = "Sent to each endpoint whose `events` take it. Verify the raw body, take it once by its "
                + "`id`, and answer 2xx within 15 seconds: [webhooks](/docs/webhooks).",
            ["operationId"] = $"receive{string.Concat(type.Split('.', '_').Select(Capital))}",
            ["security"] = new JsonArray(),
            ["parameters"] = new JsonArray([.. Headers.Select(header => new JsonObject
            {
                ["name"] = header.Name,
                ["in"] = "header",
                ["required"] = true,
                ["description"] = header.Description,
                ["schema"] = new JsonObject { ["type"] = "string" },
            })]),
            ["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject
                {
                    ["application/json"] = new JsonObject { ["schema"] = SchemaOf(type), ["example"] = example },
                },
            },
            ["responses"] = new JsonObject
            {
                ["2XX"] = new JsonObject { ["description"] = "It was taken, and is not sent again." },
                ["410"] = new JsonObject { ["description"] = "The endpoint is gone: it is disabled." },
                ["default"] = new JsonObject { ["description"] = "It is sent again, by the schedule." },
            },
        },
    };

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static JsonObject SchemaOf(string type)
    {
        if (type == EventTypes.WebhookTest)
            return TestEvent();
        var own = new JsonObject { ["type"] = new JsonObject { ["const"] = type } };
        var restriction = new JsonObject { ["type"] = "object", ["properties"] = own };
        if (DataOf(type) is { } data)
            own["data"] = data;
        else
            restriction["required"] = Names("payment_id", "orderId", "version", "status", "transition");
        return new JsonObject
        {
            ["allOf"] = new JsonArray(
                new JsonObject { ["$ref"] = $"#/components/schemas/{EventSchema}" }, restriction),
        };
    }

    /// <summary>Null for a payment's, which the event's own schema has.</summary>
    private static JsonObject? DataOf(string type) => type switch
    {
        EventTypes.EndpointFailing or EventTypes.EndpointDisabled => Fields(
            ("webhookEndpoint", Fields(("id", Text()), ("url", Text()))),
            ("failingSince", Text("null")), ("failures", Typed("null", "integer")), ("reason", Text("null")),
            ("disabledAt", Text("null")), ("disablesAt", Text("null"))),
        EventTypes.ApiKeyMisused => Fields(
            ("apiKey", Fields(("id", Text()), ("label", Text("null")), ("prefix", Text()), ("last4", Text()))),
            ("header", Text()), ("address", Text("null")), ("at", Text()), ("count", Typed("integer"))),
        EventTypes.XpubChanged => Fields(
            ("xpubs", new JsonObject
            {
                ["type"] = "array",
                ["items"] = Fields(("network", Text()), ("previous", Text("null")), ("fingerprint", Text())),
            }),
            ("at", Text())),
        _ => null,
    };

    /// <summary>It is in no feed, and so has no place there.</summary>
    private static JsonObject TestEvent() => Fields(
        ("id", Text()), ("type", new JsonObject { ["const"] = EventTypes.WebhookTest }), ("apiVersion", Text()),
        ("environment", Text()), ("sequence", Typed("null")), ("createdAt", Text()), ("object", Text()),
        ("data", Fields(("endpointId", Text()), ("message", Text()))));

    private static JsonObject Fields(params (string Name, JsonObject Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["required"] = Names([.. fields.Select(field => field.Name)]),
        ["properties"] = new JsonObject(fields.Select(
            field => KeyValuePair.Create(field.Name, (JsonNode?)field.Schema))),
    };

    private static JsonObject Text(params string[] orNull) => Typed([.. orNull, "string"]);

    private static JsonObject Typed(params string[] types) =>
        new() { ["type"] = types is [var one] ? one : Names(types) };

    private static JsonArray Names(params string[] names) => [.. names.Select(name => (JsonNode)name)];
}
