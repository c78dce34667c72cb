using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Scenarios;
using Kobbopay.Client;

namespace Kobbopay.Bench;

/// <summary>What all measurements share: the servers, a client for loops over HTTP, the endpoint's secret.</summary>
internal sealed record Workbench(BenchServers Servers, HttpClient Http, string Secret, Plan Plan);

/// <summary>The measurements by name, in the order in which they run.</summary>
internal static class Suite
{
    private const int MostConnections = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly (string Name, Func<Workbench, CancellationToken, Task> RunAsync)[] All =
    [
        ("create", Create.RunAsync),
        ("deliver", Deliver.RunAsync),
        ("latency", CommitToReceiver.RunAsync),
        ("memory", Memory.RunAsync),
        ("load", MemoryUnderLoad.RunAsync),
        ("edge", Edge.RunAsync),
        ("gateway", Scenarios.Gateway.RunAsync),
        ("authentication", Authentication.RunAsync),
        ("addresses", Addresses.RunAsync),
        ("replay", Replay.RunAsync),
        ("read", Read.RunAsync),
        ("scan", Scan.RunAsync),
        ("follow", FollowChain.RunAsync),
        ("outage", Outage.RunAsync),
        ("visible", Visible.RunAsync),
        ("status", Status.RunAsync),
        ("streams", Streams.RunAsync),
        ("pages", Pages.RunAsync),
        ("pace", PacedCreate.RunAsync),
        ("growth", Growth.RunAsync),
        ("isolation", Isolation.RunAsync),
        ("waiting", Waiting.RunAsync),
        ("endpoints", ManyEndpoints.RunAsync),
        ("crash", Crash.RunAsync),
        ("commits", Commits.RunAsync),
        ("telemetry", Telemetry.RunAsync),
        ("path", WholePath.RunAsync),
    ];

    /// <summary>What runs only when it is named, since it needs more than this repository and its servers.</summary>
    private static readonly (string Name, Func<Workbench, CancellationToken, Task> RunAsync)[] OnRequest =
    [
        ("peers", AgainstPeers.RunAsync),
    ];

    public static async Task<int> RunAsync(string[] names, Plan plan, CancellationToken cancellation)
    {
        var known = All.Concat(OnRequest).ToArray();
        var unknown = names.Except(known.Select(one => one.Name), StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            var there = string.Join(", ", known.Select(one => one.Name));
            await Console.Error.WriteLineAsync($"Unknown: {string.Join(", ", unknown)}. There are: {there}.");
            return 1;
        }

        await using var servers = await BenchServers.StartAsync(Checkout(), cancellation);
        await Pgbench.PrepareAsync(servers.Postgres, cancellation);
        using var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = MostConnections,
            UseProxy = false,
            UseCookies = false,
        };
        using var http = new HttpClient(handler) { Timeout = Patience };
        var bench = new Workbench(servers, http, WebhookSecret.Create(), plan);
        var failed = 0;
        foreach (var (name, runAsync) in names.Length == 0 ? All : known)
        {
            if (names.Length > 0 && !names.Contains(name, StringComparer.Ordinal))
                continue;
            Report.Heading(name);
            try
            {
                await runAsync(bench, cancellation);
            }
            catch (Exception problem)
            {
                // The others are worth having, and the servers are to be stopped.
                await Console.Error.WriteLineAsync($"{name} failed: {problem}");
                failed = 1;
            }
        }

        return failed;
    }

    internal static string Checkout()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Kobbopay.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside a checkout.");
        return folder;
    }
}
