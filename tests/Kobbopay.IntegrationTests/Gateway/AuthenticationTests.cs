using System.Text;
using Kobbopay.Contracts;

namespace Kobbopay.IntegrationTests.Gateway;

public sealed class AuthenticationTests : GatewayHouse
{
    [Fact]
    public async Task Without_a_key_the_answer_says_where_to_put_one()
    {
        var answer = await SendPlainAsync(HttpMethod.Get, "/v1/payments", body: null);

        answer.ShouldBeProblem("authentication_required").Should().Contain("x-api-key");
        answer.Headers.Should().ContainKey("WWW-Authenticate");
        Payments.Received.Should().BeEmpty();
    }

    [Theory]
    [InlineData("YOUR_API_KEY")]
    [InlineData("kp_test_")]
    [InlineData("kp_prod_0000000000000000000000000000000000000000000000000000000000")]
    [InlineData("kp_test_0000000000000000000000000000000000000000000000000000000000")]
    public async Task A_malformed_key_is_refused_without_a_look_up(string key)
    {
        (await SendAsync("/v1/payments", ("x-api-key", key))).ShouldBeProblem("invalid_api_key");
        (await SendAsync("/v1/payments", ("x-api-key", Key), ("x-api-key", key))).ShouldBeProblem("invalid_api_key");

        Payments.LookUps.Should().BeEmpty();
    }

    [Fact]
    public async Task An_unknown_key_is_refused_and_asked_for_once()
    {
        var unknown = ApiKey.Create("live");

        for (var i = 0; i < 3; i++)
        {
            (await SendAsync("/v1/payments", ("x-api-key", unknown)))
                .ShouldBeProblem("invalid_api_key").Should().Contain("not known");
        }

        Payments.LookUps.Should().Equal(ApiKey.Hash(unknown));
        Payments.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task An_expired_key_is_refused_and_says_so()
    {
        Payments.Keys[ApiKey.Hash(Key)] = KeyDescription with { ExpiresAt = DateTimeOffset.UnixEpoch };

        (await SendAsync("/v1/payments")).ShouldBeProblem("invalid_api_key").Should().Contain("expired");
    }

    [Fact]
    public async Task A_known_key_reaches_each_service_as_a_signed_identity_and_never_as_the_key()
    {
        await SendAsync("/v1/payments");
        await SendAsync("/v1/payments");
        await SendAsync("/v1/webhook-endpoints");

        foreach (var request in Payments.Received.Append(Webhooks.Single()))
        {
            request.Merchant.Should().BeEquivalentTo(new
            {
                KeyDescription.MerchantId,
                KeyDescription.Environment,
                KeyDescription.KeyId,
                KeyDescription.Scopes,
            });
            request.Headers.Should().NotContainKey("x-api-key");
        }

        var tokens = Payments.Received.Select(request => request.Headers["x-kobbopay-identity"]).Distinct();
        tokens.Should().ContainSingle().Which.Should().NotBe(Webhooks.Single().Headers["x-kobbopay-identity"]);
        Payments.LookUps.Should().Equal(ApiKey.Hash(Key));
    }

    [Fact]
    public async Task Many_first_requests_with_one_key_ask_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => SendAsync("/v1/payments")));

        answers.Should().OnlyContain(answer => answer.Status == 200);
        Payments.LookUps.Should().ContainSingle();
    }

    [Fact]
    public async Task While_Payments_is_away_a_new_key_is_neither_accepted_nor_refused_and_a_known_one_works()
    {
        await SendAsync("/v1/webhook-endpoints");
        await Payments.StopAsync();

        var newKey = await SendAsync("/v1/webhook-endpoints", ("x-api-key", ApiKey.Create("test")));
        var knownKey = await SendAsync("/v1/webhook-endpoints");

        newKey.ShouldBeProblem("authentication_unavailable");
        newKey.Headers["Retry-After"].Should().Be("1");
        knownKey.Status.Should().Be(200);
    }

    [Fact]
    public async Task An_identity_from_outside_is_dropped_on_routes_with_and_without_a_key()
    {
        await SendAsync("/v1/payments", ("X-Kobbopay-Identity", "forged"));
        await SendAsync("/v1/public/payments/pst_1", ("X-Kobbopay-Identity", "forged"), ("Authorization", "Bearer x"));

        Payments.Single().Headers["x-kobbopay-identity"].Should().NotContain("forged");
        Payments.Single().Merchant!.KeyId.Should().Be(KeyDescription.KeyId);
        PublicStatus.Single().Headers.Should().NotContainKeys("x-kobbopay-identity", "x-api-key", "Authorization");
    }

    [Fact]
    public async Task A_scope_that_the_key_lacks_is_refused_by_the_service_and_the_refusal_passes_unchanged()
    {
        Payments.Keys[ApiKey.Hash(Key)] = KeyDescription with { Scopes = ["events:read"] };
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");

        var answer = await SendAsync(HttpMethod.Post, "/v1/payments", body);

        answer.ShouldBeProblem("insufficient_scope").Should().Contain("payments:read");
    }
}
