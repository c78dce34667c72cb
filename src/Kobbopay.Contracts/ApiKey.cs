using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Contracts;

/// <summary>
/// The form of a secret API key (contracts.md, section 1): <c>kp_test_</c> or <c>kp_live_</c>, 256 random bits in
/// Crockford base32 (52 characters), and a 6-character checksum, so that a mistyped key is refused without a look-up.
/// Only the SHA-256 of a key is ever stored.
/// </summary>
public static class ApiKey
{
    private const int SecretLength = 52;
    private const int ChecksumLength = 6;
    private const int PrefixLength = 8;

    public static string Create(string environment)
    {
        var body = $"kp_{environment}_{CrockfordBase32.Encode(RandomNumberGenerator.GetBytes(32))}";
        return body + Checksum(body);
    }

    /// <summary>
    /// Whether the text has a key's form and its checksum is right; says nothing of whether it was ever issued.
    /// </summary>
    public static bool IsWellFormed([NotNullWhen(true)] string? key, [NotNullWhen(true)] out string? environment)
    {
        environment = null;
        if (key is not { Length: PrefixLength + SecretLength + ChecksumLength })
            return false;

        environment = key[..PrefixLength] switch
        {
            "kp_test_" => MerchantEnvironments.Test,
            "kp_live_" => MerchantEnvironments.Live,
            _ => null,
        };
        var body = key[..^ChecksumLength];
        return environment is not null && Ascii.IsValid(key)
            && string.Equals(Checksum(body), key[^ChecksumLength..], StringComparison.Ordinal);
    }

    /// <summary>What is stored and looked up: lower-case hex SHA-256 of the whole key.</summary>
    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static string Checksum(string body) =>
        CrockfordBase32.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(body)).AsSpan(0, 4))[^ChecksumLength..];
}
