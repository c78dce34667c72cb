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
    private const int KeyLength = PrefixLength + SecretLength + ChecksumLength;

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
        if (key is not { Length: KeyLength } || !Ascii.IsValid(key))
            return false;

        environment = key.AsSpan(0, PrefixLength) switch
        {
            "kp_test_" => MerchantEnvironments.Test,
            "kp_live_" => MerchantEnvironments.Live,
            _ => null,
        };
        return environment is not null
            && key.EndsWith(Checksum(key.AsSpan(0, KeyLength - ChecksumLength)), StringComparison.Ordinal);
    }

    /// <summary>What is stored and looked up: lower-case hex SHA-256 of the whole key.</summary>
    public static string Hash(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        HashTo(key, hash);
        return Convert.ToHexStringLower(hash);
    }

    private static string Checksum(ReadOnlySpan<char> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        HashTo(body, hash);
        return CrockfordBase32.Encode(hash[..4])[^ChecksumLength..];
    }

    /// <summary>Without a trace on the heap for what has a key's length: this is done for every request.</summary>
    private static void HashTo(ReadOnlySpan<char> text, Span<byte> hash)
    {
        Span<byte> usual = stackalloc byte[3 * KeyLength];
        var bytes = text.Length <= KeyLength ? usual : new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], hash);
    }
}
