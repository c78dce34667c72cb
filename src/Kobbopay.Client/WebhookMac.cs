using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Client;

/// <summary>
/// The HMAC-SHA256 forms of contracts.md, section 4. Only the short texts before the body are encoded; the body is
/// hashed where it lies.
/// </summary>
internal static class WebhookMac
{
    internal const string StandardVersion = "v1,";
    internal const int HexLength = HMACSHA256.HashSizeInBytes * 2;

    /// <summary>Room for an id of 255 characters of up to three bytes, a timestamp and two dots.</summary>
    private const int LongestPrefix = 1024;

    /// <summary>Lower-case hex over <c>timestamp.body</c>, or over the body alone when <paramref name="timestamp"/> is
    /// null; the key is the secret's text.</summary>
    internal static string Hex(string secret, string? timestamp, ReadOnlySpan<byte> body)
    {
        Span<byte> key = stackalloc byte[WebhookSecret.MaximumLength];
        key = key[..Encoding.UTF8.GetBytes(secret, key)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (timestamp is null)
            HMACSHA256.HashData(key, body, hash);
        else
            Hash(key, $"{timestamp}.", body, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>One entry of <c>webhook-signature</c>: <c>v1,</c> and base64 over <c>id.timestamp.body</c>; the key is
    /// the secret's decoded bytes.</summary>
    internal static string Standard(string secret, string id, string timestamp, ReadOnlySpan<byte> body)
    {
        Span<byte> key = stackalloc byte[WebhookSecret.MaximumBytes];
        key = key[..WebhookSecret.Decode(secret, key)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Hash(key, $"{id}.{timestamp}.", body, hash);
        return StandardVersion + Convert.ToBase64String(hash);
    }

    private static void Hash(ReadOnlySpan<byte> key, string prefix, ReadOnlySpan<byte> body, Span<byte> hash)
    {
        Span<byte> head = stackalloc byte[LongestPrefix];
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(head[..Encoding.UTF8.GetBytes(prefix, head)]);
        mac.AppendData(body);
        mac.GetHashAndReset(hash);
    }
}
