using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.Gateway.Operators;

/// <summary>
/// Tokens of the operators' OpenID Connect issuer. Its keys are fetched when they are first needed, every ten minutes,
/// and when a token is signed with one that is not known.
/// </summary>
public sealed class OperatorTokens(TimeProvider clock) : IDisposable
{
    private const int LongestToken = 16 * 1024;
    private const int LongestName = 200;
    private const int DocumentLimit = 1024 * 1024;

    /// <summary>Clocks of the issuer and ours differ by less than this.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan KeysFor = TimeSpan.FromMinutes(10);

    /// <summary>Invented key ids don't make us ask the issuer more often.</summary>
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromSeconds(10);

    /// <summary>A key that can also verify is no secret of the issuer's: only pairs of keys count.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new()
    {
        MapInboundClaims = false,
        MaximumTokenSizeInBytes = LongestToken,
    };

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = DocumentLimit,
    };

    private volatile Issuer? _issuer;

    /// <summary>The operator's name; null for a token that is not exactly right.</summary>
    /// <exception cref="InvalidOperationException">The issuer can't be asked for its keys.</exception>
    public async Task<string?> NameOfAsync(string token, OperatorOidc oidc, CancellationToken cancellation)
    {
        var issuer = _issuer;
        if (issuer?.Oidc != oidc)
            _issuer = issuer = new Issuer(oidc, KeysOf(oidc));
        // Asked here because the validation would take an issuer that does not answer for a wrong token.
        await issuer.Keys.GetConfigurationAsync(cancellation);

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ConfigurationManager = issuer.Keys,
            ValidAlgorithms = Algorithms,
            ValidAudience = oidc.Audience,
            LifetimeValidator = (from, to, _, _) => IsInTime(from, to),
        });
        return result.IsValid ? NameIn(result, oidc) : null;
    }

    public void Dispose() => _http.Dispose();

    private bool IsInTime(DateTime? from, DateTime? to)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return to is { } end && now <= end + Skew && (from is not { } start || start - Skew <= now);
    }

    private static string? NameIn(TokenValidationResult result, OperatorOidc oidc)
    {
        var claims = result.ClaimsIdentity;
        if (oidc.RequiredClaim is { } required && !claims.HasClaim(required, oidc.RequiredValue!))
            return null;
        // An address that somebody has merely claimed to have names nobody.
        if (oidc.NameClaim == JwtRegisteredClaimNames.Email && claims.HasClaim("email_verified", "false"))
            return null;
        return claims.FindFirst(oidc.NameClaim)?.Value is { Length: > 0 and <= LongestName } name ? name : null;
    }

    private ConfigurationManager<OpenIdConnectConfiguration> KeysOf(OperatorOidc oidc) => new(
        oidc.MetadataAddress,
        new OpenIdConnectConfigurationRetriever(),
        new HttpDocumentRetriever(_http) { RequireHttps = !oidc.IsPlain })
    {
        AutomaticRefreshInterval = KeysFor,
        RefreshInterval = BetweenQuestions,
        // A key that the issuer has withdrawn must not count any longer.
        UseLastKnownGoodConfiguration = false,
    };

    private sealed record Issuer(OperatorOidc Oidc, ConfigurationManager<OpenIdConnectConfiguration> Keys);
}
