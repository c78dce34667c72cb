using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.UnitTests.Defaults;

public sealed class IdentityTests
{
    private static readonly MerchantIdentity Merchant = new(
        Guid.CreateVersion7(DateTimeOffset.UnixEpoch),
        "live",
        Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddYears(1)),
        [Scopes.PaymentsRead, Scopes.PaymentsWrite]);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private IdentityIssuer Gateway => TestIdentity.Issuer("Kobbopay.Gateway", "payments", _clock);

    private IdentityVerifier Payments =>
        TestIdentity.Verifier("Kobbopay.Payments", _clock, ("gateway", TestIdentity.Key));

    [Fact]
    public async Task A_merchants_identity_arrives_as_it_was_signed()
    {
        var caller = await Payments.VerifyAsync(Gateway.ForMerchant("payments", Merchant));

        caller.Should().BeEquivalentTo(new Caller("gateway", Merchant));
    }

    [Fact]
    public async Task A_service_calls_in_its_own_name_and_keeps_its_token_for_half_its_life()
    {
        var issuer = Gateway;
        using var calls = new HttpRequestMessage();
        issuer.SignCall("payments", calls.Headers);
        _clock.Advance(TimeSpan.FromSeconds(30));
        issuer.SignCall("payments", calls.Headers);
        _clock.Advance(TimeSpan.FromSeconds(1));
        issuer.SignCall("payments", calls.Headers);

        var tokens = calls.Headers.GetValues(IdentityToken.Header).ToArray();

        tokens[1].Should().Be(tokens[0]);
        tokens[2].Should().NotBe(tokens[0]);
        (await Payments.VerifyAsync(tokens[2])).Should().Be(new Caller("gateway", Merchant: null));
    }

    [Fact]
    public async Task A_token_for_one_service_is_no_good_at_another()
    {
        var token = Gateway.ForMerchant("payments", Merchant);

        // Even where both accepted the same key.
        var webhooks = TestIdentity.Verifier("Kobbopay.Webhooks", _clock, ("gateway", TestIdentity.Key));

        (await webhooks.VerifyAsync(token)).Should().BeNull();
    }

    [Fact]
    public async Task An_issuer_can_not_speak_in_anothers_name()
    {
        var payments = TestIdentity.Verifier(
            "Kobbopay.Payments", _clock, ("gateway", TestIdentity.Key), ("webhooks", TestIdentity.OtherKey));
        var webhooks = TestIdentity.Issuer("Kobbopay.Webhooks", "payments", _clock, TestIdentity.OtherKey);
        var asGateway = TestIdentity.Issuer("Kobbopay.Gateway", "payments", _clock, TestIdentity.OtherKey);
        var unknown = TestIdentity.Issuer("Kobbopay.Unknown", "payments", _clock);

        (await payments.VerifyAsync(webhooks.ForMerchant("payments", Merchant)))!.Service.Should().Be("webhooks");
        (await payments.VerifyAsync(asGateway.ForMerchant("payments", Merchant))).Should().BeNull();
        (await payments.VerifyAsync(unknown.ForMerchant("payments", Merchant))).Should().BeNull();
    }

    [Fact]
    public async Task A_key_changes_without_a_gap_because_two_are_accepted()
    {
        var payments = TestIdentity.Verifier(
            "Kobbopay.Payments", _clock, ("gateway", TestIdentity.Key), ("gateway", TestIdentity.OtherKey));
        var next = TestIdentity.Issuer("Kobbopay.Gateway", "payments", _clock, TestIdentity.OtherKey);

        (await payments.VerifyAsync(Gateway.ForMerchant("payments", Merchant))).Should().NotBeNull();
        (await payments.VerifyAsync(next.ForMerchant("payments", Merchant))).Should().NotBeNull();
    }

    [Fact]
    public async Task A_token_ends_after_its_minute_and_the_skew_also_where_it_was_accepted_before()
    {
        var payments = Payments;
        var token = Gateway.ForMerchant("payments", Merchant);
        (await payments.VerifyAsync(token)).Should().NotBeNull();

        _clock.Advance(TimeSpan.FromSeconds(65));
        (await payments.VerifyAsync(token)).Should().NotBeNull();

        _clock.Advance(TimeSpan.FromSeconds(1));
        (await payments.VerifyAsync(token)).Should().BeNull();
        (await Payments.VerifyAsync(token)).Should().BeNull();
    }

    [Fact]
    public async Task A_token_from_the_future_is_not_ours()
    {
        var ahead = new FakeTimeProvider(_clock.GetUtcNow().AddSeconds(6));
        var token = TestIdentity.Issuer("Kobbopay.Gateway", "payments", ahead).ForMerchant("payments", Merchant);

        (await Payments.VerifyAsync(token)).Should().BeNull();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    [InlineData("RS256")]
    public async Task No_other_algorithm_is_accepted(string algorithm)
    {
        var parts = Gateway.ForMerchant("payments", Merchant).Split('.');
        var header = JsonNode.Parse(Base64UrlEncoder.Decode(parts[0]))!;
        header["alg"] = algorithm;
        var forged = Base64UrlEncoder.Encode(header.ToJsonString());

        (await Payments.VerifyAsync($"{forged}.{parts[1]}.{parts[2]}")).Should().BeNull();
        (await Payments.VerifyAsync($"{forged}.{parts[1]}.")).Should().BeNull();
    }

    [Theory]
    [InlineData("HS256", true)]
    [InlineData("HS384", false)]
    [InlineData("HS512", false)]
    public async Task The_algorithm_is_pinned_even_for_one_who_holds_the_key(string algorithm, bool accepted)
    {
        (await Payments.VerifyAsync(Signed(ValidClaims(), algorithm)) is not null).Should().Be(accepted);
    }

    [Fact]
    public async Task A_changed_claim_breaks_the_signature()
    {
        var parts = Gateway.ForMerchant("payments", Merchant).Split('.');
        var claims = Base64UrlEncoder.Decode(parts[1]).Replace("payments:read", "keys:write", StringComparison.Ordinal);

        (await Payments.VerifyAsync($"{parts[0]}.{Base64UrlEncoder.Encode(claims)}.{parts[2]}")).Should().BeNull();
    }

    [Theory]
    [InlineData("iss")]
    [InlineData("aud")]
    [InlineData("exp")]
    [InlineData("mer")]
    [InlineData("env")]
    [InlineData("key")]
    public async Task Each_claim_is_needed_even_from_one_who_holds_the_key(string missing)
    {
        var claims = ValidClaims();
        (await Payments.VerifyAsync(Signed(claims))).Should().NotBeNull();

        claims.Remove(missing);

        (await Payments.VerifyAsync(Signed(claims))).Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("e30.e30.")]
    public async Task Rubbish_is_nobody(string token)
    {
        (await Payments.VerifyAsync(token)).Should().BeNull();
    }

    [Fact]
    public void A_short_or_missing_key_stops_the_start()
    {
        FluentActions.Invoking(() => TestIdentity.Verifier("Kobbopay.Payments", _clock, ("gateway", "short")))
            .Should().Throw<InvalidOperationException>().WithMessage("*shorter than 43*");
        FluentActions.Invoking(() => Gateway.ForMerchant("webhooks", Merchant))
            .Should().Throw<InvalidOperationException>().WithMessage("Identity:Issue:webhooks is not configured");
    }

    private Dictionary<string, object> ValidClaims()
    {
        var claims = new JsonWebToken(Gateway.ForMerchant("payments", Merchant)).Claims
            .ToDictionary(claim => claim.Type, claim => (object)claim.Value);
        claims["exp"] = _clock.GetUtcNow().AddSeconds(30).ToUnixTimeSeconds();
        claims["iat"] = _clock.GetUtcNow().ToUnixTimeSeconds();
        return claims;
    }

    private string Signed(Dictionary<string, object> claims, string algorithm = "HS256")
    {
        var key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(TestIdentity.Key))
        {
            KeyId = new JsonWebToken(Gateway.ForMerchant("payments", Merchant)).Kid,
        };
        var handler = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false };
        return handler.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = new SigningCredentials(key, algorithm),
        });
    }
}
