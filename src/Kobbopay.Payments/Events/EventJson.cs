using System.Text.Json.Serialization;

namespace Kobbopay.Payments.Events;

/// <summary>
/// The bytes that <see cref="SequencedEvent"/> writes, for the API description alone: nothing is made of it. Events of
/// other objects than payments have none of the payment's fields.
/// </summary>
internal sealed record EventJson(
    string Id,
    string Type,
    string ApiVersion,
    string Environment,
    long Sequence,
    DateTimeOffset CreatedAt,
    string Object,
    EventDataJson Data)
{
    [JsonPropertyName("payment_id")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PaymentId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OrderId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Version { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PreviousStatus { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Transition { get; init; }
}

/// <summary>The object as it was at that moment; other objects than payments have fields of their own.</summary>
internal sealed record EventDataJson
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PaymentJson? Payment { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EventReorgJson? Reorg { get; init; }
}

internal sealed record EventReorgJson(string OldBlockHash, string? NewBlockHash);

internal sealed record EventListJson(IReadOnlyList<EventJson> Data, bool HasMore, long LatestSequence);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EventListJson))]
internal sealed partial class EventsJson : JsonSerializerContext;
