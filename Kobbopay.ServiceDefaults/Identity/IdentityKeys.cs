using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>
/// Keys of the signed identity header: one per pair of issuer and audience, so that a service can mint nothing for
/// another. <c>Identity:Issue:{audience}</c> signs what this service sends; <c>Identity:Accept:{issuer}:0..1</c> are
/// the keys it accepts (two, so that a key can be changed without a gap). A key is text of at least 43 random
/// characters.
/// </summary>
public sealed class IdentityKeys(IConfiguration configuration)
{
    /// <summary>256 bits in base64 without padding.</summary>
    private const int ShortestKey = 43;

    public SigningCredentials SigningFor(string audience) =>
        configuration[$"Identity:Issue:{audience}"] is { } text
            ? new SigningCredentials(KeyOf(text), SecurityAlgorithms.HmacSha256)
            : throw new InvalidOperationException($"Identity:Issue:{audience} is not configured");

    public IReadOnlyDictionary<string, SecurityKey[]> Accepted() =>
        configuration.GetSection("Identity:Accept").GetChildren().ToDictionary(
            issuer => issuer.Key,
            issuer => issuer.GetChildren().Select(SecurityKey (key) => KeyOf(key.Value ?? string.Empty)).ToArray(),
            StringComparer.Ordinal);

    private static SymmetricSecurityKey KeyOf(string text)
    {
        if (text.Length < ShortestKey)
            throw new InvalidOperationException($"An identity key is shorter than {ShortestKey} characters");
        var bytes = Encoding.UTF8.GetBytes(text);
        return new SymmetricSecurityKey(bytes)
        {
            KeyId = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 4)),
        };
    }
}
