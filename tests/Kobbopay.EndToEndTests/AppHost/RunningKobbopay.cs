using System.Collections.Concurrent;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>
/// The whole system as <c>make run</c> starts it: the AppHost in local mode, in a folder and on a port of its own.
/// <code>
/// await using var kobbopay = await RunningKobbopay.StartAsync();
/// using var merchant = kobbopay.Merchant();               // HttpClient with the gateway's address and the API key
/// await kobbopay.CommandAsync("stop messaging");          // an outage: stop, kill (SIGKILL), then start
/// await kobbopay.CommandAsync("start messaging");         // returns when it is healthy again
/// await kobbopay.StopAsync();                             // as by Ctrl+C
/// await using var again = await RunningKobbopay.StartAsync(kobbopay.Folder);   // finds the data again
/// </code>
/// Webhooks go to <see cref="WebhookPort"/>: <c>WebhookReceiver.StartAsync(port: kobbopay.WebhookPort)</c> receives
/// them, signed with <see cref="WebhookSecret"/>.
/// </summary>
public sealed class RunningKobbopay : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan CommandPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(90);

    private readonly ChildProcess appHost;
    private readonly ConcurrentQueue<string> lines;

    private RunningKobbopay(string folder, int webhookPort, ChildProcess appHost, ConcurrentQueue<string> lines)
    {
        Folder = folder;
        WebhookPort = webhookPort;
        this.appHost = appHost;
        this.lines = lines;
    }

    public string Folder { get; }

    /// <summary>The port of 127.0.0.1 that the demo merchant's webhooks go to.</summary>
    public int WebhookPort { get; }

    public int ProcessId => appHost.Id;

    public Task<ChildExit> Exited => appHost.Exited;

    /// <summary>Everything on the screen so far.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    public Uri Url => new(Demo("KOBBOPAY_URL"));

    public string ApiKey => Demo("KOBBOPAY_API_KEY");

    public string WebhookSecret => Demo("KOBBOPAY_WEBHOOK_SECRET");

    public string DemoFile => Path.Combine(Folder, ".kobbopay", "demo.env");

    /// <summary>Starts it and waits for the final screen.</summary>
    public static async Task<RunningKobbopay> StartAsync(string? folder = null, params string[] program)
    {
        var kobbopay = await LaunchAsync(folder ?? Servers.NewFolder("kobbopay"), program);
        var ready = Eventually.TrueAsync(
            () => kobbopay.Lines.Any(line => line.StartsWith("Kobbopay is running.", StringComparison.Ordinal)),
            StartPatience);
        if (await Task.WhenAny(ready, kobbopay.Exited) == ready && ready.IsCompletedSuccessfully)
            return kobbopay;
        await kobbopay.DisposeAsync();
        throw new InvalidOperationException("Kobbopay did not start:\n" + string.Join('\n', kobbopay.Lines));
    }

    /// <summary>Starts it and does not wait.</summary>
    /// <param name="program">What starts it, with its arguments; the built program unless given.</param>
    public static async Task<RunningKobbopay> LaunchAsync(string folder, params string[] program)
    {
        var screen = new ConcurrentQueue<string>();
        var ports = LoopbackPorts.Free(3);
        if (program.Length == 0)
            program = ["dotnet", Checkout.Built("Kobbopay.AppHost", "Kobbopay.AppHost.dll")];
        var command = new ChildCommand("apphost", program[0], program[1..])
        {
            HasInput = true,
            OnLine = screen.Enqueue,
            Environment = new Dictionary<string, string>
            {
                ["KOBBOPAY_FOLDER"] = folder,
                ["KOBBOPAY_PORT"] = $"{ports[0]}",
                ["KOBBOPAY_WEBHOOK_PORT"] = $"{ports[1]}",
                ["KOBBOPAY_EVM_PORT"] = $"{ports[2]}",
            },
        };
        return new RunningKobbopay(
            folder, ports[1], await ChildProcess.StartAsync(command, CancellationToken.None), screen);
    }

    /// <summary>An HTTP client of a merchant; of the demo merchant unless a key is given.</summary>
    public HttpClient Merchant(string? apiKey = null) => Client("x-api-key", apiKey ?? ApiKey);

    /// <summary>An HTTP client of the operator of this machine.</summary>
    public HttpClient Operator() => Client("x-operator-key", Demo("KOBBOPAY_OPERATOR_KEY"));

    /// <summary><c>stop NAME</c>, <c>kill NAME</c> or <c>start NAME</c>; returns when it is done.</summary>
    public async Task CommandAsync(string command)
    {
        var words = command.Split(' ');
        var done = words[1] + (words[0] == "start" ? " is up again" : " is down");
        var before = Count(done);
        await appHost.SendLineAsync(command);
        await Eventually.TrueAsync(() => Count(done) > before, CommandPatience);
    }

    /// <summary>The process id of a service, by its resource name.</summary>
    public int ProcessOf(string service) =>
        ProcessRecord.Running(Path.Combine(Folder, ".kobbopay", "pids", service + ".pid"))
        ?? throw new InvalidOperationException(service + " does not run.");

    /// <summary>As by Ctrl+C: SIGTERM, and the wait for its end.</summary>
    public Task<ChildExit> StopAsync() => appHost.StopAsync(StopPatience);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await appHost.DisposeAsync();
    }

    private HttpClient Client(string header, string key)
    {
        var client = new HttpClient(new PatientClient()) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.Add(header, key);
        return client;
    }

    private int Count(string text) => lines.Count(line => line.Contains(text, StringComparison.Ordinal));

    private string Demo(string name) => File.ReadAllLines(DemoFile)
        .Single(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];
}
