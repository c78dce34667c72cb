using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>A secret, or an endpoint's own headers, as the database holds it: useless without the key ring.</summary>
public sealed record SealedSecret(string KeyId, byte[] Bytes);

/// <summary>
/// Encrypts endpoints' secrets and headers with AES-256-GCM, bound to their endpoint and to what they are for. The key
/// ring is configuration: <c>Secrets:CurrentKey</c> names the key for what is new, <c>Secrets:Keys:{id}</c> are texts
/// of at least 43 random characters; a key stays in the ring as long as rows name it (<see cref="ReencryptSecrets"/>).
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

    /// <summary>The key of what is sealed from now on.</summary>
    public string CurrentKey => _current;

    public SealedSecret Seal(Guid endpointId, string secret) =>
        Seal(Encoding.UTF8.GetBytes(secret), BoundTo(endpointId));

    /// <exception cref="CryptographicException">
    /// The row was sealed for another endpoint, was changed, or its key is not in the ring.
    /// </exception>
    public string Open(Guid endpointId, SealedSecret secret) =>
        Encoding.UTF8.GetString(Open(secret, BoundTo(endpointId)));

    /// <returns>Null when there are none.</returns>
    public SealedSecret? SealHeaders(Guid endpointId, Dictionary<string, string> headers) => headers.Count == 0
        ? null
        : Seal(JsonSerializer.SerializeToUtf8Bytes(headers, WebhooksJson.Default.Headers), HeadersBoundTo(endpointId));

    /// <exception cref="CryptographicException">As <see cref="Open(Guid, SealedSecret)"/>.</exception>
    public IReadOnlyList<KeyValuePair<string, string>> OpenHeaders(Guid endpointId, SealedSecret headers) =>
        [.. JsonSerializer.Deserialize(Open(headers, HeadersBoundTo(endpointId)), WebhooksJson.Default.Headers)!];

    /// <summary>The same content under the current key.</summary>
    /// <exception cref="CryptographicException">As <see cref="Open(Guid, SealedSecret)"/>.</exception>
    public SealedSecret Reseal(Guid endpointId, SealedSecret secret) => Reseal(secret, BoundTo(endpointId));

    /// <inheritdoc cref="Reseal(Guid, SealedSecret)"/>
    public SealedSecret ResealHeaders(Guid endpointId, SealedSecret headers) =>
        Reseal(headers, HeadersBoundTo(endpointId));

    private SealedSecret Reseal(SealedSecret secret, byte[] boundTo) =>
        secret.KeyId == _current ? secret : Seal(Open(secret, boundTo), boundTo);

    private SealedSecret Seal(byte[] content, byte[] boundTo)
    {
        var bytes = new byte[NonceBytes + content.Length + TagBytes];
        var nonce = bytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_keys[_current], TagBytes);
        aes.Encrypt(
            nonce, content, bytes.AsSpan(NonceBytes, content.Length), bytes.AsSpan(NonceBytes + content.Length),
            boundTo);
        return new SealedSecret(_current, bytes);
    }

    private byte[] Open(SealedSecret secret, byte[] boundTo)
    {
        if (!_keys.TryGetValue(secret.KeyId, out var key))
            throw new CryptographicException($"The key {secret.KeyId} is not in the ring");
        var bytes = secret.Bytes.AsSpan();
        var content = new byte[bytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(bytes[..NonceBytes], bytes[NonceBytes..^TagBytes], bytes[^TagBytes..], content, boundTo);
        return content;
    }

    private static byte[] Derive(string id, string text) => text.Length >= ShortestKey
        ? HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(text), KeyBytes, info: Purpose)
        : throw new InvalidOperationException($"Secrets:Keys:{id} is shorter than {ShortestKey} characters");

    /// <summary>Associated data: a row moved to another endpoint does not open there.</summary>
    private static byte[] BoundTo(Guid endpointId) => endpointId.ToByteArray(bigEndian: true);

    /// <summary>Nor do headers as a secret, or a secret as headers.</summary>
    private static byte[] HeadersBoundTo(Guid endpointId) => [.. BoundTo(endpointId), .. "headers"u8];
}
