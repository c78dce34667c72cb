using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Client;

/// <summary>
/// The secret of one webhook endpoint: <c>whsec_</c> followed by the base64 of its random bytes (contracts.md,
/// section 4; the form and the 24 to 64 bytes are those of Standard Webhooks 1.0).
/// </summary>
public static class WebhookSecret
{
    private const string Prefix = "whsec_";
    private const int CreatedBytes = 32;
    private const int MinimumBytes = 24;
    internal const int MaximumBytes = 64;

    /// <summary>Characters of the longest secret: the prefix and the base64 of 64 bytes.</summary>
    internal const int MaximumLength = 6 + ((MaximumBytes + 2) / 3 * 4);

    /// <summary>A new secret of 32 bytes from the system's cryptographic generator.</summary>
    public static string Create() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(CreatedBytes));

    /// <summary>Whether the text has a secret's form; says nothing of whether it is any endpoint's secret.</summary>
    public static bool IsWellFormed(string? secret) =>
        secret is not null && Decode(secret, stackalloc byte[MaximumBytes]) > 0;

    /// <summary>Bytes written to <paramref name="key"/>, or 0 when the text is not a secret.</summary>
    internal static int Decode(string secret, Span<byte> key)
    {
        if (secret.Length > MaximumLength || !secret.StartsWith(Prefix, StringComparison.Ordinal))
            return 0;

        // The UTF-8 form, because it is the strict one: the overloads for characters skip white space.
        Span<byte> text = stackalloc byte[MaximumLength];
        if (!Encoding.UTF8.TryGetBytes(secret.AsSpan(Prefix.Length), text, out var length))
            return 0;
        text = text[..length];
        if (text.ContainsAny((byte)' ', (byte)'\t', (byte)'\r') || text.Contains((byte)'\n'))
            return 0;
        var status = Base64.DecodeFromUtf8(text, key, out _, out var written);
        return status == System.Buffers.OperationStatus.Done && written >= MinimumBytes ? written : 0;
    }
}
