using System.Security.Cryptography;
using System.Text;
using Kobbopay.LocalServers;

namespace Kobbopay.IntegrationTests.Gateway;

public sealed class OperatorTests : GatewayHouse
{
    private const string AdasKey = "a-key-that-ada-made-herself";

    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Operators:Keys:ada"] = HashOf(AdasKey),
        ["Operators:Keys:bob"] = HashOf("another"),
        ["Limits:WrongKeysPerMinute"] = "8",
    };

    [Fact]
    public async Task An_operators_key_becomes_a_signed_name_and_never_reaches_Payments()
    {
        var answer = await SendPlainAsync(
            HttpMethod.Get, "/v1/operator/merchants?limit=5", body: null, ("x-operator-key", AdasKey),
            ("X-Kobbopay-Identity", "forged"));

        answer.Status.Should().Be(200);
        var request = Payments.Single();
        request.Operator!.Name.Should().Be("ada");
        request.Target.Should().Be("/v1/operator/merchants?limit=5");
        request.Headers.Should().NotContainKeys("x-operator-key", "x-api-key", "Authorization");
        request.Headers.Values.Should().NotContain(value => value.Contains(AdasKey));
    }

    [Fact]
    public async Task Without_an_operators_key_nothing_passes()
    {
        var without = await SendAsync("/v1/operator/merchants");
        without.ShouldBeProblem("authentication_required").Should().Contain("x-operator-key");
        without.Headers["WWW-Authenticate"].Should().Contain("x-operator-key");
        foreach (var key in new[] { Key, HashOf(AdasKey), AdasKey[..^1], AdasKey.ToUpperInvariant() })
            (await OperateAsync(("x-operator-key", key))).ShouldBeProblem("invalid_api_key");

        (await OperateAsync(("x-operator-key", AdasKey), ("x-operator-key", AdasKey)))
            .ShouldBeProblem("invalid_api_key");
        (await OperateAsync(("Authorization", $"Bearer {AdasKey}"))).ShouldBeProblem("authentication_required");
    }

    [Fact]
    public async Task An_operators_key_opens_no_merchants_route()
    {
        (await SendPlainAsync(HttpMethod.Get, "/v1/payments", body: null, ("x-operator-key", AdasKey)))
            .ShouldBeProblem("authentication_required");
    }

    [Fact]
    public async Task A_browser_with_an_operators_key_is_refused_and_so_is_its_preflight()
    {
        (await OperateAsync(("x-operator-key", AdasKey), ("Origin", "https://x.example")))
            .ShouldBeProblem("api_key_in_browser");
        (await SendPlainAsync(
            HttpMethod.Options, "/v1/operator/merchants", null, ("Origin", "https://x.example"),
            ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-operator-key")))
            .ShouldBeProblem("api_key_in_browser").Should().Contain("x-operator-key");
    }

    [Fact]
    public async Task Wrong_operator_keys_are_soon_too_many()
    {
        for (var i = 0; i < 8; i++)
            (await OperateAsync(("x-operator-key", $"guess-{i}"))).ShouldBeProblem("invalid_api_key");

        (await OperateAsync(("x-operator-key", "guess"))).ShouldBeProblem("rate_limited");
        (await OperateAsync(("x-operator-key", AdasKey))).Status.Should().Be(200);
    }

    private Task<GatewayAnswer> OperateAsync(params (string Name, string Value)[] headers) =>
        SendPlainAsync(HttpMethod.Get, "/v1/operator/merchants", body: null, headers);

    internal static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

public sealed class OperatorPortTests : GatewayHouse
{
    private static readonly int[] Ports = LoopbackPorts.Free(2);

    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["urls"] = $"http://127.0.0.1:{Ports[0]};http://127.0.0.1:{Ports[1]}",
        ["Operators:Port"] = $"{Ports[1]}",
        ["Operators:Keys:ada"] = OperatorTests.HashOf("key"),
    };

    [Fact]
    public async Task Operators_have_a_port_of_their_own_whatever_the_host_header_says()
    {
        using var shared = NewClient(new Uri($"http://127.0.0.1:{Ports[0]}"));
        using var theirs = NewClient(new Uri($"http://127.0.0.1:{Ports[1]}"));

        (await GetAsync(theirs, "/v1/operator/merchants")).Status.Should().Be(200);
        (await GetAsync(shared, "/v1/payments")).Status.Should().Be(200);
        foreach (var (client, target) in new[]
        {
            (shared, "/v1/operator/merchants"), (shared, "/V1/Operator/merchants"), (shared, "/v1/%6fperator"),
            (theirs, "/v1/payments"), (theirs, "/v1/public/payments/pst_1"), (theirs, "/health"), (theirs, "/"),
        })
        {
            (await GetAsync(client, target)).ShouldBeProblem("not_found");
        }

        Payments.Received.Should().HaveCount(2);
    }

    private Task<GatewayAnswer> GetAsync(HttpClient client, string target) => SendByAsync(
        client, HttpMethod.Get, target, body: null, ("x-operator-key", "key"), ("x-api-key", Key),
        ("Host", $"127.0.0.1:{Ports[1]}"));
}
