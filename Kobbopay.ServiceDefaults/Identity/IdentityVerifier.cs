using System.Security.Claims;
using Kobbopay.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>The verifying half: who signed this, for whom. Null for anything that is not exactly right.</summary>
public sealed class IdentityVerifier(IdentityKeys keys, IHostEnvironment host, TimeProvider clock)
{
    /// <summary>Clocks of two machines differ by less than this.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters _parameters = ParametersFor(keys, ServiceName.Of(host), clock);

    public async ValueTask<Caller?> VerifyAsync(string token)
    {
        var result = await _handler.ValidateTokenAsync(token, _parameters);
        return result.IsValid ? new Caller(result.Issuer, MerchantOf(result.ClaimsIdentity)) : null;
    }

    private static MerchantIdentity? MerchantOf(ClaimsIdentity claims)
    {
        if (!Id.TryParse(Id.Merchant, claims.FindFirst(IdentityToken.Merchant)?.Value, out var merchant)
            || !Id.TryParse(Id.ApiKey, claims.FindFirst(IdentityToken.Key)?.Value, out var key))
            return null;
        var scopes = claims.FindFirst(IdentityToken.Scope)?.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return new MerchantIdentity(merchant, claims.FindFirst(IdentityToken.Environment)!.Value, key, scopes);
    }

    private static TokenValidationParameters ParametersFor(IdentityKeys keys, string audience, TimeProvider clock)
    {
        var accepted = keys.Accepted();
        return new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidIssuers = accepted.Keys,
            ValidAudience = audience,
            RequireExpirationTime = true,
            // The issuer named in the token chooses the keys, so that each issuer's key is good for its own name alone.
            IssuerSigningKeyResolver = (_, token, kid, _) => accepted.TryGetValue(token.Issuer, out var ofIssuer)
                ? ofIssuer.Where(key => string.Equals(key.KeyId, kid, StringComparison.Ordinal))
                : [],
            TryAllIssuerSigningKeys = false,
            LifetimeValidator = (_, expires, _, _) =>
                expires is { } end && clock.GetUtcNow() <= new DateTimeOffset(end, TimeSpan.Zero) + Skew
                && end - clock.GetUtcNow().UtcDateTime <= IdentityToken.Lifetime + Skew,
        };
    }
}

/// <param name="Service">The issuer's logical name.</param>
/// <param name="Merchant">Set when the call is made for a merchant.</param>
public sealed record Caller(string Service, MerchantIdentity? Merchant);
