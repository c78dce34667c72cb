using Kobbopay.Contracts;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Whose connection it is, directly and behind proxies, and which addresses a key allows.</summary>
public sealed class AddressTests : GatewayHouse
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.0/8")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task A_key_may_be_used_from_an_address_on_its_list(string allowed)
    {
        Allow("192.0.2.7", allowed);

        (await SendAsync("/v1/payments")).Status.Should().Be(200);
    }

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("198.51.100.0/24")]
    [InlineData("2001:db8::/32")]
    [InlineData("no address")]
    public async Task From_elsewhere_it_is_refused_and_the_address_named(string allowed)
    {
        Allow(allowed);

        (await SendAsync("/v1/payments")).ShouldBeProblem("address_not_allowed").Should().Contain("127.0.0.1");

        Payments.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_stranger_says_of_other_addresses_is_not_believed()
    {
        Allow("192.0.2.7");

        (await SendAsync("/v1/payments", ("X-Forwarded-For", "192.0.2.7")))
            .ShouldBeProblem("address_not_allowed").Should().Contain("127.0.0.1");
    }

    private void Allow(params string[] addresses) =>
        Payments.Keys[ApiKey.Hash(Key)] = KeyDescription with { AllowedIps = addresses };
}

public sealed class TrustedProxyTests : GatewayHouse
{
    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Proxies:Trusted:0"] = "127.0.0.0/8",
        ["Proxies:Trusted:1"] = "10.0.0.0/24",
    };

    [Theory]
    [InlineData("192.0.2.7")]
    [InlineData("192.0.2.7, 10.0.0.3")]
    [InlineData("198.51.100.1, 192.0.2.7, 10.0.0.3, 10.0.0.4")]
    public async Task A_trusted_proxy_is_believed_hop_by_hop_up_to_the_first_stranger(string forwardedFor)
    {
        Payments.Keys[ApiKey.Hash(Key)] = KeyDescription with { AllowedIps = ["192.0.2.7"] };

        var answer = await SendAsync(
            "/v1/payments", ("X-Forwarded-For", forwardedFor), ("X-Forwarded-Proto", "https"), ("X-Original-For", "x"));

        answer.Status.Should().Be(200);
        answer.Headers.Should().ContainKey("Strict-Transport-Security");
        Payments.Single().Headers["X-Forwarded-For"].Should().Be("192.0.2.7");
        Payments.Single().Headers.Should().NotContainKeys("X-Original-For", "X-Original-Proto", "X-Forwarded-Proto");
    }

    [Fact]
    public async Task Addresses_behind_one_proxy_have_a_limit_each()
    {
        for (var i = 0; i < 5; i++)
            (await RequestAccessAsync("192.0.2.1")).Status.Should().Be(200);

        (await RequestAccessAsync("192.0.2.1")).ShouldBeProblem("rate_limited");
        (await RequestAccessAsync("192.0.2.2")).Status.Should().Be(200);

        for (var i = 0; i < 5; i++)
            (await RequestAccessAsync($"2001:db8:1:1::{i}")).Status.Should().Be(200);

        (await RequestAccessAsync("2001:db8:1:1:ffff::1")).ShouldBeProblem("rate_limited");
        (await RequestAccessAsync("2001:db8:1:2::1")).Status.Should().Be(200);
    }

    private Task<GatewayAnswer> RequestAccessAsync(string address) =>
        SendPlainAsync(HttpMethod.Post, "/v1/access-requests", body: null, ("X-Forwarded-For", address));
}
