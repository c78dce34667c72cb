namespace Kobbopay.Contracts;

/// <summary>
/// Something was changed in another service than Payments; Payments takes it into its audit log, once by
/// <see cref="Id"/>. Written to the outbox in the transaction of the change.
/// </summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Actor">Who did it: the id of an API key, <c>key_...</c>.</param>
/// <param name="Action">What was done, <c>webhook_endpoint.created</c>.</param>
/// <param name="Subject">To what, by its public id.</param>
/// <param name="Details">A JSON object without secrets.</param>
public sealed record AuditRecorded(
    Guid Id,
    DateTimeOffset At,
    Guid MerchantId,
    string Environment,
    string Actor,
    string Action,
    string Subject,
    string Details,
    string? RequestId);
