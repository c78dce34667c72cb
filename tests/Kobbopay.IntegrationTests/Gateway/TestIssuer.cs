using System.Security.Claims;
using System.Security.Cryptography;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>
/// An OpenID Connect issuer as far as a resource server sees one: its discovery document and its keys.
/// </summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "kobbopay-operators";

    private readonly WebApplication _app;

    private TestIssuer(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>What tokens are signed with, and the only key that is told.</summary>
    public RsaSecurityKey Key { get; private set; } = NewKey();

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ["--urls=http://127.0.0.1:0"] });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var issuer = new TestIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = issuer.Url,
            jwks_uri = $"{issuer.Url}/keys",
        })).AllowPublic();
        app.MapGet("/keys", () =>
        {
            var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(issuer.Key);
            return Results.Json(new { keys = new[] { new { key.Kty, key.Kid, key.N, key.E, use = "sig" } } });
        }).AllowPublic();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return issuer;
    }

    public void Rotate() => Key = NewKey();

    public string Token(
        string? issuer = null, string audience = Audience, SigningCredentials? signing = null, TimeSpan? life = null,
        params (string Name, object Value)[] claims)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Url,
            Audience = audience,
            NotBefore = now.AddHours(-2),
            IssuedAt = now.AddHours(-2),
            Expires = now + (life ?? TimeSpan.FromMinutes(5)),
            Subject = new ClaimsIdentity([new Claim("email", "ada@operator.example")]),
            Claims = claims.ToDictionary(claim => claim.Name, claim => claim.Value, StringComparer.Ordinal),
            SigningCredentials = signing ?? new SigningCredentials(Key, SecurityAlgorithms.RsaSha256),
        });
    }

    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static RsaSecurityKey NewKey()
    {
        var key = new RsaSecurityKey(RSA.Create(2048));
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        return key;
    }
}
