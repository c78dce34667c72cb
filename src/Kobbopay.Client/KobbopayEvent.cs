using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>
/// One event, as a webhook's body and the event feed carry it (contracts.md, section 3). New fields, types and statuses
/// may appear at any time: names are texts and never closed lists, and what is not known here is still in
/// <see cref="Data"/> and <see cref="Body"/>.
/// </summary>
public sealed record KobbopayEvent
{
    /// <summary>The event's id, <c>evt_...</c>. An event may come again: take each id once.</summary>
    public required string Id { get; init; }

    /// <summary>What happened, such as <c>payment.paid</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The version of the interface that rendered the event, such as <c>v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary><c>test</c> or <c>live</c>: nothing of <c>test</c> is money.</summary>
    public required string Environment { get; init; }

    /// <summary>The place in the feed of this merchant's environment, without gaps; null for <c>webhook.test</c>, which
    /// is not in the feed.</summary>
    public long? Sequence { get; init; }

    /// <summary>When it happened, not when it was sent.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What the event is about, such as <c>payment</c>; <see cref="Data"/> has a field of this name.</summary>
    public required string Object { get; init; }

    /// <summary>The payment's id, <c>pay_...</c>; null when the event is not about a payment, as in the fields
    /// below.</summary>
    [JsonPropertyName("payment_id")]
    public string? PaymentId { get; init; }

    /// <summary>The merchant's own order id.</summary>
    public string? OrderId { get; init; }

    /// <summary>Rises with each event of the payment: drop what is older than what you have.</summary>
    public long? Version { get; init; }

    /// <summary>The payment's status after the event, such as <c>Paid</c>.</summary>
    public string? Status { get; init; }

    /// <summary>The payment's status before the event; null for <c>payment.created</c>.</summary>
    public string? PreviousStatus { get; init; }

    /// <summary>Both in one, such as <c>Pending-&gt;Paid</c>.</summary>
    public string? Transition { get; init; }

    /// <summary>The full snapshot, as it was at that moment.</summary>
    public required JsonElement Data { get; init; }

    /// <summary>The exact bytes that the event was read from.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>Reads an event; verify the bytes before (<see cref="WebhookSignature.Verify"/>).</summary>
    /// <exception cref="JsonException">This is no event: not JSON, or a field that every event has is missing or of
    /// another type.</exception>
    public static KobbopayEvent Parse(ReadOnlyMemory<byte> body)
    {
        var read = JsonSerializer.Deserialize(body.Span, EventJson.Default.KobbopayEvent)
            ?? throw new JsonException("An event is a JSON object.");
        return read with { Body = body };
    }

    /// <summary>The payment as it was at that moment, with its newest 20 transfers; null when the event is not about a
    /// payment.</summary>
    /// <exception cref="JsonException">The payment has not the form that is known here.</exception>
    public Payment? ReadPayment() =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty("payment", out var payment)
            ? payment.Deserialize(KobbopayJson.Default.Payment)
            : null;

    /// <summary>The id and type: the content may be confidential.</summary>
    public override string ToString() => $"{Type} {Id}";
}

/// <summary>Unknown fields are passed over.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KobbopayEvent))]
internal sealed partial class EventJson : JsonSerializerContext;
