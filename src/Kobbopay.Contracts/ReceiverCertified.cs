namespace Kobbopay.Contracts;

/// <summary>A merchant's receiver has passed its certification, which live keys need (contracts.md, section
/// 6).</summary>
public sealed record ReceiverCertified(Guid CertificationId, Guid MerchantId, Guid EndpointId, DateTimeOffset At);
