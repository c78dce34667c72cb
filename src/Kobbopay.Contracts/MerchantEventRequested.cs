namespace Kobbopay.Contracts;

/// <summary>
/// An event born in another service than Payments (contracts.md, section 3). Payments takes it once by
/// <see cref="EventId"/>, gives it its place in the merchant's feed, and from there it goes the way of all events.
/// </summary>
/// <param name="EventId">A UUIDv7 made when it happened; the event's public id.</param>
/// <param name="Type">One of <see cref="EventTypes.BornElsewhere"/>.</param>
/// <param name="Object">What it is about, <see cref="EventTypes.ObjectOf"/> the type.</param>
/// <param name="Data">The event's <c>data</c>, a JSON object.</param>
/// <param name="ExceptEndpointId">
/// The endpoint that does not get this event: the one that it says is failing.
/// </param>
/// <param name="TraceParent">W3C trace context of what caused the event.</param>
public sealed record MerchantEventRequested(
    Guid EventId,
    Guid MerchantId,
    string Environment,
    string Type,
    string Object,
    DateTimeOffset CreatedAt,
    byte[] Data,
    Guid? ExceptEndpointId,
    string? TraceParent)
{
    /// <summary>Bytes of <see cref="Data"/> at most, so that the event with its envelope stays below 64 KiB.</summary>
    public const int DataLimit = 60 * 1024;
}
