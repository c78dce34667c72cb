using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Gateway;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>contracts.md, section 1, "Limits"; the limits come from a file, which a test changes.</summary>
public sealed class LimitTests : GatewayHouse
{
    private readonly string _folder = Servers.NewFolder("gateway");

    protected override IReadOnlyDictionary<string, string> Settings =>
        new Dictionary<string, string> { ["contentRoot"] = _folder };

    public override async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder);
        await ConfigureAsync(new { WrongKeysPerMinute = 3, TestPerSecond = 5 });
        await base.InitializeAsync();
    }

    [Fact]
    public async Task A_key_has_its_environments_limit_and_every_answer_tells_what_is_left()
    {
        var first = await SendAsync("/v1/payments");
        var answers = await ManyAsync(20, () => SendAsync("/v1/payments"));

        first.Headers.Should().Contain(new Dictionary<string, string>
        {
            ["RateLimit-Limit"] = "5",
            ["RateLimit-Remaining"] = "4",
            ["RateLimit-Reset"] = "1",
        });
        var refused = answers.First(answer => answer.Status != 200);
        refused.ShouldBeProblem("rate_limited").Should().Contain("with this key");
        refused.Headers.Should().Contain(new Dictionary<string, string>
        {
            ["RateLimit-Limit"] = "5",
            ["RateLimit-Remaining"] = "0",
            ["RateLimit-Reset"] = "1",
            ["Retry-After"] = "1",
        });

        await Eventually.TrueAsync(async () => (await SendAsync("/v1/payments")).Status == 200);
    }

    [Fact]
    public async Task A_key_may_have_a_limit_of_its_own_and_shares_it_with_no_other()
    {
        var other = ApiKey.Create("live");
        Payments.Keys[ApiKey.Hash(other)] = KeyDescription with
        {
            KeyId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch),
            Environment = "live",
            RequestsPerSecond = 2,
        };

        var answers = await ManyAsync(20, () => SendAsync("/v1/payments", ("x-api-key", other)));

        answers.Select(answer => answer.Status).Should().Contain([200, 429]);
        answers[0].Headers["RateLimit-Limit"].Should().Be("2");
        (await SendAsync("/v1/payments")).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_changed_limit_counts_without_a_restart_and_one_that_is_none_changes_nothing()
    {
        await ConfigureAsync(new { TestPerSecond = 7, Replicas = 2 });
        await Eventually.GetAsync(
            async () => (await SendAsync("/v1/payments")).Headers["RateLimit-Limit"], limit => limit == "3");

        await ConfigureAsync(new { TestPerSecond = "many" });
        await ConfigureAsync(new { TestPerSecond = 0 });
        (await SendAsync("/v1/payments")).Headers["RateLimit-Limit"].Should().Be("3");

        await ConfigureAsync(new { TestPerSecond = 9 });
        await Eventually.GetAsync(
            async () => (await SendAsync("/v1/payments")).Headers["RateLimit-Limit"], limit => limit == "9");
    }

    [Fact]
    public async Task Wrong_keys_are_soon_too_many_and_a_good_one_still_works_from_there()
    {
        var wrong = await ManyAsync(3, () => SendAsync("/v1/payments", ("x-api-key", "YOUR_API_KEY")));
        wrong.Should().OnlyContain(answer => answer.Status == 401);

        foreach (var key in new[] { "YOUR_API_KEY", ApiKey.Create("test") })
        {
            var answer = await SendAsync("/v1/payments", ("x-api-key", key));
            answer.ShouldBeProblem("rate_limited").Should().Contain("wrong keys");
            int.Parse(answer.Headers["Retry-After"]).Should().BeInRange(1, 20);
        }

        (await SendAsync("/v1/payments")).Status.Should().Be(200);
        Gateway.Services.GetRequiredService<KeyActivity>().Take()!.Guessing.Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { Address = "127.0.0.1", Refused = 2 });
    }

    [Fact]
    public async Task Invented_keys_are_not_all_looked_up()
    {
        await ManyAsync(5, () => SendAsync("/v1/payments", ("x-api-key", "YOUR_API_KEY")));

        await ManyAsync(40, () => SendAsync("/v1/payments", ("x-api-key", ApiKey.Create("test"))));
        await ManyAsync(40, () => SendAsync(
            "/v1/payments", ("x-api-key", ApiKey.Create("test")), ("Origin", "https://shop.example")));

        Payments.LookUps.Count.Should().BeInRange(1, 40);
    }

    [Theory]
    [InlineData("GET", "/v1/public/payments/pst_1", 40)]
    [InlineData("GET", "/request-access", 40)]
    [InlineData("GET", "/claim", 40)]
    [InlineData("POST", "/request-access", 5)]
    [InlineData("POST", "/v1/access-requests", 5)]
    [InlineData("POST", "/claim", 10)]
    [InlineData("POST", "/v1/claims/clm_1", 10)]
    public async Task Routes_without_a_key_are_limited_by_address(string method, string target, int limit)
    {
        var answers = await ManyAsync(
            limit + 40, () => SendPlainAsync(new HttpMethod(method), target, body: null));

        answers[0].Headers["RateLimit-Limit"].Should().Be($"{limit}");
        answers.Count(answer => answer.Status == 200).Should().BeGreaterThanOrEqualTo(limit);
        answers.First(answer => answer.Status != 200).ShouldBeProblem("rate_limited").Should().Contain("your address");
    }

    [Fact]
    public async Task Who_tries_many_claim_links_is_recorded()
    {
        await ManyAsync(12, () => SendPlainAsync(HttpMethod.Post, "/v1/claims", body: null));

        Gateway.Services.GetRequiredService<KeyActivity>().Take()!.Guessing.Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { Address = "127.0.0.1", Refused = 2 });
    }

    /// <summary>All at once: time gives tokens back.</summary>
    private static Task<GatewayAnswer[]> ManyAsync(int count, Func<Task<GatewayAnswer>> send) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => send()));

    private Task ConfigureAsync(object limits) => File.WriteAllTextAsync(
        Path.Combine(_folder, "appsettings.json"), JsonSerializer.Serialize(new { Limits = limits }),
        TestContext.Current.CancellationToken);
}
