namespace Kobbopay.Contracts;

/// <summary>
/// What a gateway saw of API keys in some seconds. It is told without an outbox: a gateway that dies takes the last
/// seconds along, and nothing depends on them.
/// </summary>
/// <param name="Id">A UUIDv7; a repeated message has no effect.</param>
public sealed record ApiKeyActivity(
    Guid Id,
    IReadOnlyList<ApiKeyUse> Uses,
    IReadOnlyList<ApiKeyMisuse> Misuses,
    IReadOnlyList<GuessingAddress> Guessing)
{
    /// <summary>Entries of each list at most.</summary>
    public const int Limit = 1_000;
}

public sealed record ApiKeyUse(Guid KeyId, DateTimeOffset LastUsedAt);

/// <summary>A key came from a browser (contracts.md, section 1).</summary>
/// <param name="Header">The header that told.</param>
/// <param name="Count">Such requests of this key with this header, the last of them at <paramref name="At"/>.</param>
public sealed record ApiKeyMisuse(
    Guid KeyId, Guid MerchantId, string Environment, string Header, string? Address, DateTimeOffset At, int Count);

/// <summary>An address that was refused further tries after too many wrong keys.</summary>
public sealed record GuessingAddress(string Address, int Refused, DateTimeOffset At);
