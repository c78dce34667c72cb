namespace Kobbopay.Contracts;

/// <summary>
/// A key was revoked, or changed in what it may do: every gateway drops what it holds of it, and believes no answer of
/// an older version (contracts.md, section 1).
/// </summary>
/// <param name="Hash">SHA-256 of the key, as it is looked up; it tells nothing of the key.</param>
/// <param name="Version">Of the key, after the change.</param>
public sealed record ApiKeyChanged(string Hash, int Version);
