using System.Security.Cryptography;
using System.Text;

namespace Kobbopay.Gateway.Operators;

/// <summary>
/// The section <c>Operators</c>: who runs this installation, by keys of which only the SHA-256 is written down, or by
/// tokens of an OpenID Connect issuer; and on which port alone their routes answer.
/// </summary>
public sealed record OperatorSettings(IReadOnlyList<OperatorKey> Keys, OperatorOidc? Oidc, int? Port)
{
    public const string Section = "Operators";

    /// <exception cref="InvalidOperationException">Something in it is not usable.</exception>
    public static OperatorSettings Read(IConfiguration section) => new(
        [.. section.GetSection("Keys").GetChildren().Select(key => new OperatorKey(key.Key, HashOf(key)))],
        OperatorOidc.Read(section.GetSection("Oidc")),
        section.GetValue<int?>("Port"));

    /// <summary>
    /// Whose key this is. Each is compared, and in constant time: how long it takes tells nothing of any.
    /// </summary>
    public string? NameOf(string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        string? name = null;
        foreach (var known in Keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known.Hash))
                name = known.Name;
        }

        return name;
    }

    private static byte[] HashOf(IConfigurationSection key) =>
        key.Value is { Length: 2 * SHA256.HashSizeInBytes } hex && hex.All(char.IsAsciiHexDigitLower)
            ? Convert.FromHexString(hex)
            : throw new InvalidOperationException($"{key.Path} must be the SHA-256 of a key in lower-case hex");
}

public sealed record OperatorKey(string Name, byte[] Hash);

/// <param name="NameClaim">The claim that names the operator, in the audit log too.</param>
/// <param name="RequiredClaim">A claim that must have <see cref="RequiredValue"/> among its values.</param>
public sealed record OperatorOidc(
    Uri Authority, string Audience, string NameClaim, string? RequiredClaim, string? RequiredValue)
{
    private const string Discovery = "/.well-known/openid-configuration";

    public string MetadataAddress => Authority.AbsoluteUri.TrimEnd('/') + Discovery;

    /// <summary>Whoever stood in between could hand out keys of their own.</summary>
    public bool IsPlain => Authority.Scheme == Uri.UriSchemeHttp;

    public static OperatorOidc? Read(IConfiguration section)
    {
        if (section["Authority"] is not { Length: > 0 } text)
            return null;
        var oidc = new OperatorOidc(
            new Uri(text),
            section["Audience"] ?? throw new InvalidOperationException("Operators:Oidc:Audience is not configured"),
            section["NameClaim"] ?? "email",
            section["RequiredClaim"],
            section["RequiredValue"]);
        if (oidc.IsPlain && !oidc.Authority.IsLoopback)
            throw new InvalidOperationException("Operators:Oidc:Authority must be https");
        return (oidc.RequiredClaim is null) == (oidc.RequiredValue is null)
            ? oidc
            : throw new InvalidOperationException("Operators:Oidc needs RequiredClaim and RequiredValue, or neither");
    }
}
