using System.Collections.Concurrent;
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

    /// <summary>
    /// Tokens held at most; a gateway sends the same one for half a minute, so that checking it again is waste.
    /// </summary>
    private const int Held = 10_000;

    private readonly ConcurrentDictionary<string, Verified> _verified = new(StringComparer.Ordinal);
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters _parameters = ParametersFor(keys, ServiceName.Of(host), clock);

    public async ValueTask<Caller?> VerifyAsync(string token)
    {
        if (_verified.TryGetValue(token, out var held) && clock.GetUtcNow() <= held.Expires)
            return held.Caller;

        var result = await _handler.ValidateTokenAsync(token, _parameters);
        if (!result.IsValid || CallerOf(result) is not { } caller)
            return null;
        if (_verified.Count >= Held)
            _verified.Clear();
        _verified[token] = new Verified(caller, new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero));
        return caller;
    }

    /// <summary>
    /// A token that speaks of a merchant must do so completely: half an identity is not a service's own.
    /// </summary>
    private static Caller? CallerOf(TokenValidationResult result)
    {
        var claims = result.ClaimsIdentity;
        if (claims.FindFirst(IdentityToken.Operator) is { Value: var name })
        {
            return name.Length > 0 && claims.FindFirst(IdentityToken.Merchant) is null
                ? new Caller(result.Issuer, Merchant: null, new OperatorIdentity(name))
                : null;
        }

        if (!claims.HasClaim(claim =>
            claim.Type is IdentityToken.Merchant or IdentityToken.Key or IdentityToken.Environment))
            return new Caller(result.Issuer, Merchant: null);
        if (!Id.TryParse(Id.Merchant, claims.FindFirst(IdentityToken.Merchant)?.Value, out var merchant)
            || !Id.TryParse(Id.ApiKey, claims.FindFirst(IdentityToken.Key)?.Value, out var key)
            || claims.FindFirst(IdentityToken.Environment) is not { Value: var environment })
            return null;
        var scopes = claims.FindFirst(IdentityToken.Scope)?.Value ?? string.Empty;
        return new Caller(result.Issuer, new MerchantIdentity(
            merchant, environment, key, scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
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
            // Expiry may be over by the skew; a life longer than ours is a token that we did not make.
            LifetimeValidator = (_, expires, _, _) =>
                expires is { } end && clock.GetUtcNow() <= new DateTimeOffset(end, TimeSpan.Zero) + Skew
                && end - clock.GetUtcNow().UtcDateTime <= IdentityToken.Lifetime + Skew,
        };
    }

    private sealed record Verified(Caller Caller, DateTimeOffset Expires);
}

/// <param name="Service">The issuer's logical name.</param>
/// <param name="Merchant">Set when the call is made for a merchant.</param>
/// <param name="Operator">Set when the call is made for an operator.</param>
public sealed record Caller(string Service, MerchantIdentity? Merchant, OperatorIdentity? Operator = null);
