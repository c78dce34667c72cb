using System.Security.Cryptography;
using System.Text;
using Kobbopay.Testing;
using Microsoft.IdentityModel.Tokens;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Operators who come with a token of their own issuer.</summary>
public sealed class OperatorTokenTests : GatewayHouse
{
    private TestIssuer _issuer = null!;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Operators:Oidc:Authority"] = _issuer.Url,
        ["Operators:Oidc:Audience"] = TestIssuer.Audience,
        ["Operators:Oidc:RequiredClaim"] = "groups",
        ["Operators:Oidc:RequiredValue"] = "payments",
        ["Limits:WrongKeysPerMinute"] = "10000",
    };

    private static (string Name, object Value) Groups => ("groups", new[] { "lunch", "payments" });

    public override async ValueTask InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_token_of_the_issuer_names_the_operator_and_stays_at_the_gateway()
    {
        (await OperateAsync(_issuer.Token(claims: Groups))).Status.Should().Be(200);

        Payments.Single().Operator!.Name.Should().Be("ada@operator.example");
        Payments.Single().Headers.Should().NotContainKey("Authorization");
        (await SendPlainAsync(
            HttpMethod.Get, "/v1/payments", null, ("Authorization", $"Bearer {_issuer.Token(claims: Groups)}")))
            .ShouldBeProblem("authentication_required");
    }

    [Fact]
    public async Task Only_a_token_that_is_exactly_right_is_accepted()
    {
        using var other = RSA.Create(2048);
        var ownKey = new RsaSecurityKey(other) { KeyId = _issuer.Key.KeyId };
        // The public key as a shared secret: the oldest trick there is.
        var shared = new SymmetricSecurityKey(
            Encoding.UTF8.GetBytes(Base64UrlEncoder.Encode(_issuer.Key.Rsa.ExportSubjectPublicKeyInfo())));
        shared.KeyId = _issuer.Key.KeyId;
        var unsigned = _issuer.Token(claims: Groups).Split('.');
        string[] wrong =
        [
            _issuer.Token(),
            _issuer.Token(claims: ("groups", "lunch")),
            _issuer.Token(audience: "another", claims: Groups),
            _issuer.Token(issuer: "https://elsewhere.example", claims: Groups),
            _issuer.Token(life: TimeSpan.FromMinutes(-1), claims: Groups),
            _issuer.Token(signing: new SigningCredentials(ownKey, SecurityAlgorithms.RsaSha256), claims: Groups),
            _issuer.Token(signing: new SigningCredentials(shared, SecurityAlgorithms.HmacSha256), claims: Groups),
            _issuer.Token(claims: [Groups, ("email_verified", false)]),
            _issuer.Token(claims: [Groups, ("email", "")]),
            $"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{unsigned[1]}.",
            $"{unsigned[0]}.{unsigned[1]}.",
            "no token",
        ];

        foreach (var token in wrong)
            (await OperateAsync(token)).ShouldBeProblem("invalid_api_key");

        Payments.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_fetched_when_it_is_first_used_and_the_old_one_counts_no_more()
    {
        var old = _issuer.Token(claims: Groups);
        (await OperateAsync(old)).Status.Should().Be(200);

        _issuer.Rotate();

        await Eventually.TrueAsync(async () => (await OperateAsync(_issuer.Token(claims: Groups))).Status == 200);
        (await OperateAsync(old)).ShouldBeProblem("invalid_api_key");
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_an_outage_and_no_wrong_token()
    {
        var token = _issuer.Token(claims: Groups);
        await _issuer.StopAsync();

        (await OperateAsync(token)).ShouldBeProblem("authentication_unavailable");
    }

    private Task<GatewayAnswer> OperateAsync(string token) => SendPlainAsync(
        HttpMethod.Get, "/v1/operator/merchants", body: null, ("Authorization", $"Bearer {token}"));
}
