namespace Kobbopay.Contracts;

/// <summary>
/// A merchant has moved the clock of its sandbox: what waits for a time in test is due so much earlier. Not idempotent
/// by itself, so a consumer takes each id once.
/// </summary>
/// <param name="Id">Of this one move.</param>
public sealed record SandboxClockAdvanced(Guid Id, Guid MerchantId, long Seconds);
