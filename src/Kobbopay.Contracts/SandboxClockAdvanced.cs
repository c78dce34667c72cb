namespace Kobbopay.Contracts;

/// <summary>
/// A merchant has moved the clock of its sandbox: what waits for a time in test is due so much earlier. It tells where
/// the clock is, not how far it has moved: taken twice, late, or never but for the next one, it comes to the same.
/// </summary>
/// <param name="OffsetSeconds">How far it is ahead of the real clock, by all moves together.</param>
public sealed record SandboxClockAdvanced(Guid MerchantId, long OffsetSeconds);
