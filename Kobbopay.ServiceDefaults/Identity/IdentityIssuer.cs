using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Claims;
using Kobbopay.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>Names of the identity token's parts; a JWT (RFC 7519) with HS256 and nothing else.</summary>
public static class IdentityToken
{
    /// <summary>The internal header; the gateway strips any inbound copy.</summary>
    public const string Header = "x-kobbopay-identity";

    /// <summary>A token lives this long.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    internal const string Merchant = "mer";
    internal const string Environment = "env";
    internal const string Key = "key";
    internal const string Scope = "scope";
    internal const string Operator = "opr";
}

/// <summary>The issuing half: signs who a forwarded request is for, or which service calls.</summary>
public sealed class IdentityIssuer(IdentityKeys keys, IHostEnvironment host, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, SigningCredentials> _signing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CallerToken> _callerTokens = new(StringComparer.Ordinal);
    private readonly string _self = ServiceName.Of(host);

    /// <summary>A merchant's identity for one audience. Only the gateway's are accepted.</summary>
    public string ForMerchant(string audience, MerchantIdentity merchant) => Sign(audience, clock.GetUtcNow(),
    [
        new Claim(IdentityToken.Merchant, Id.Format(Id.Merchant, merchant.MerchantId)),
        new Claim(IdentityToken.Environment, merchant.Environment),
        new Claim(IdentityToken.Key, Id.Format(Id.ApiKey, merchant.KeyId)),
        new Claim(IdentityToken.Scope, string.Join(' ', merchant.Scopes)),
    ]);

    /// <summary>An operator's identity for one audience. Only the gateway's are accepted.</summary>
    public string ForOperator(string audience, OperatorIdentity who) =>
        Sign(audience, clock.GetUtcNow(), [new Claim(IdentityToken.Operator, who.Name)]);

    /// <summary>Puts this service's own identity on a call to another.</summary>
    public void SignCall(string audience, HttpRequestHeaders headers)
    {
        var now = clock.GetUtcNow();
        var token = _callerTokens.GetValueOrDefault(audience);
        if (token is null || now - token.IssuedAt > IdentityToken.Lifetime / 2 || now < token.IssuedAt)
            _callerTokens[audience] = token = new CallerToken(Sign(audience, now, []), now);
        headers.Add(IdentityToken.Header, token.Text);
    }

    private string Sign(string audience, DateTimeOffset now, Claim[] claims) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = _self,
            Audience = audience,
            IssuedAt = now.UtcDateTime,
            Expires = (now + IdentityToken.Lifetime).UtcDateTime,
            Subject = new ClaimsIdentity(claims),
            SigningCredentials = _signing.GetOrAdd(audience, keys.SigningFor),
        });

    private sealed record CallerToken(string Text, DateTimeOffset IssuedAt);
}

/// <summary>A service's logical name, from its assembly: Kobbopay.PublicStatus is <c>publicstatus</c>.</summary>
internal static class ServiceName
{
    public static string Of(IHostEnvironment host) =>
        host.ApplicationName[(host.ApplicationName.LastIndexOf('.') + 1)..].ToLowerInvariant();
}
