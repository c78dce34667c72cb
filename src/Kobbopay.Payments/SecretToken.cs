using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Payments;

/// <summary>
/// The token of a link that opens something to whoever has it: 256 random bits as base64url. Only its SHA-256 is kept.
/// </summary>
internal static class SecretToken
{
    private const int Bytes = 32;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static bool IsWellFormed(string? token) =>
        token?.Length == Base64Url.GetEncodedLength(Bytes) && Base64Url.IsValid(token);

    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
