using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>An endpoint's secret as the database holds it: useless without the key ring.</summary>
public sealed record SealedSecret(string KeyId, byte[] Bytes);

/// <summary>
/// Encrypts endpoint secrets with AES-256-GCM, bound to their endpoint. The key ring is configuration:
/// <c>Secrets:CurrentKey</c> names the key for new secrets, <c>Secrets:Keys:{id}</c> are texts of at least 43 random
/// characters; a key stays in the ring as long as rows name it.
/// </summary>
public sealed class SecretVault
{
    /// <summary>256 bits in base64 without padding.</summary>
    private const int ShortestKey = 43;
    private const int KeyBytes = 32;
    private static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize;
    private static readonly int TagBytes = AesGcm.TagByteSizes.MaxSize;
    private static readonly byte[] Purpose = "kobbopay webhook endpoint secrets"u8.ToArray();

    private readonly string _current;
    private readonly Dictionary<string, byte[]> _keys;

    /// <exception cref="InvalidOperationException">The ring is empty, lacks the current key, or holds a short
    /// one.</exception>
    public SecretVault(IConfiguration configuration)
    {
        _keys = configuration.GetSection("Secrets:Keys").GetChildren().ToDictionary(
            key => key.Key, key => Derive(key.Key, key.Value ?? string.Empty), StringComparer.Ordinal);
        _current = configuration["Secrets:CurrentKey"]
            ?? throw new InvalidOperationException("Secrets:CurrentKey is not configured");
        if (!_keys.ContainsKey(_current))
            throw new InvalidOperationException($"Secrets:Keys:{_current} is not configured");
    }

    public SealedSecret Seal(Guid endpointId, string secret)
    {
        var text = Encoding.UTF8.GetBytes(secret);
        var bytes = new byte[NonceBytes + text.Length + TagBytes];
        var nonce = bytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_keys[_current], TagBytes);
        aes.Encrypt(
            nonce, text, bytes.AsSpan(NonceBytes, text.Length), bytes.AsSpan(NonceBytes + text.Length),
            BoundTo(endpointId));
        return new SealedSecret(_current, bytes);
    }

    /// <exception cref="CryptographicException">
    /// The row was sealed for another endpoint, was changed, or its key is not in the ring.
    /// </exception>
    public string Open(Guid endpointId, SealedSecret secret)
    {
        if (!_keys.TryGetValue(secret.KeyId, out var key))
            throw new CryptographicException($"The key {secret.KeyId} is not in the ring");
        var bytes = secret.Bytes.AsSpan();
        var text = new byte[bytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(
            bytes[..NonceBytes], bytes[NonceBytes..^TagBytes], bytes[^TagBytes..], text, BoundTo(endpointId));
        return Encoding.UTF8.GetString(text);
    }

    private static byte[] Derive(string id, string text) => text.Length >= ShortestKey
        ? HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(text), KeyBytes, info: Purpose)
        : throw new InvalidOperationException($"Secrets:Keys:{id} is shorter than {ShortestKey} characters");

    /// <summary>Associated data: a row moved to another endpoint does not open there.</summary>
    private static byte[] BoundTo(Guid endpointId) => endpointId.ToByteArray(bigEndian: true);
}
