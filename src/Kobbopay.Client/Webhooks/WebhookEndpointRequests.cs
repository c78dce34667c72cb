using System.Text.Json.Serialization;

namespace Kobbopay.Client;

/// <summary>A new webhook endpoint.</summary>
public sealed record CreateWebhookEndpointRequest
{
    /// <summary>Where the events go: https, in test http too.</summary>
    public required string Url { get; init; }

    /// <summary>The types to send: by name (<see cref="KobbopayEventTypes"/>), <c>payment.*</c>, or <c>*</c>.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>The merchant's own words.</summary>
    public string? Description { get; init; }

    /// <summary><c>none</c> (the default), or <c>per_payment</c>: the next event of a payment waits for the one before
    /// it.</summary>
    public string? Ordering { get; init; }

    /// <summary>Whether <c>X-Signature</c> is sent too; true unless given.</summary>
    public bool? BodySignature { get; init; }

    /// <summary>Requests per second at most.</summary>
    public int? RateLimit { get; init; }

    /// <summary>The merchant's own headers, sent with each request.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }
}

/// <summary>A change of a webhook endpoint: what is null stays as it is.</summary>
public sealed record UpdateWebhookEndpointRequest
{
    /// <summary>Where the events go.</summary>
    public string? Url { get; init; }

    /// <summary>The types to send.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>The merchant's own words.</summary>
    public string? Description { get; init; }

    /// <summary><c>none</c> or <c>per_payment</c>.</summary>
    public string? Ordering { get; init; }

    /// <summary>Whether <c>X-Signature</c> is sent too.</summary>
    public bool? BodySignature { get; init; }

    /// <summary>Requests per second at most.</summary>
    public int? RateLimit { get; init; }

    /// <summary>The merchant's own headers; they replace all of the old ones.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Takes the description away.</summary>
    [JsonIgnore]
    public bool RemoveDescription { get; init; }

    /// <summary>Takes the limit away.</summary>
    [JsonIgnore]
    public bool RemoveRateLimit { get; init; }

    /// <summary>Takes all of the merchant's own headers away.</summary>
    [JsonIgnore]
    public bool RemoveHeaders { get; init; }
}
