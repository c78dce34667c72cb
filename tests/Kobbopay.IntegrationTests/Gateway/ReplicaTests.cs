using System.Diagnostics;
using Kobbopay.Contracts;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Two replicas of Payments, of which one or both are away.</summary>
public sealed class ReplicaTests : GatewayHouse
{
    private readonly int _port = LoopbackPorts.Free(1)[0];

    /// <summary>A replica beside the one that runs; nothing listens there at first.</summary>
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["services:payments:http:1"] = $"http://127.0.0.1:{_port}",
        ["Limits:TestPerSecond"] = "10000",
        ["Limits:PublicBurst"] = "10000",
    };

    [Fact]
    public async Task A_replica_that_is_away_costs_one_request_and_the_others_go_to_its_neighbour()
    {
        var statuses = new List<int>();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50; i++)
            statuses.Add((await SendPlainAsync(HttpMethod.Get, "/request-access", body: null)).Status);

        var tries = 1 + (int)(Stopwatch.GetElapsedTime(started) / TimeSpan.FromSeconds(1.5));
        statuses.Count(status => status != 200).Should().BeInRange(1, tries);
    }

    [Fact]
    public async Task Keys_are_looked_up_where_Payments_answers()
    {
        for (var i = 0; i < 6; i++)
        {
            var key = ApiKey.Create("test");
            Payments.Keys[ApiKey.Hash(key)] = KeyDescription;
            (await SendAsync("/v1/webhook-endpoints", ("x-api-key", key))).Status.Should().Be(200);
        }
    }

    [Fact]
    public async Task When_all_are_away_the_answer_comes_at_once_and_one_that_comes_back_is_found()
    {
        await Payments.StopAsync();
        // The first two find that out.
        for (var i = 0; i < 2; i++)
            (await SendPlainAsync(HttpMethod.Get, "/claim", body: null)).ShouldBeProblem("service_unavailable");

        var answer = await SendPlainAsync(HttpMethod.Get, "/claim", body: null);
        answer.ShouldBeProblem("service_unavailable").Should().Contain("nothing was done");
        answer.Headers["Retry-After"].Should().Be("1");

        await using var back = await StartBackendAsync("payments", "Kobbopay.Payments", _port);
        await Eventually.TrueAsync(async () =>
            (await SendPlainAsync(HttpMethod.Get, "/claim", body: null)).Status == 200);
        back.Received.Should().NotBeEmpty();
    }
}
