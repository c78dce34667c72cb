using System.Globalization;

namespace Kobbopay.LocalServers;

/// <summary>
/// A private RabbitMQ node in a folder of its own: own name, own ports, own Erlang cookie and port mapper (epmd), all
/// bound to 127.0.0.1. Nothing of the machine's own broker is touched. Queues and messages outlive the server.
/// <code>
/// await using var server = await RabbitMqServer.StartAsync(new RabbitMqSettings(folder), cancellationToken);
/// await server.StopAsync();                              // a broker outage
/// await server.StartAgainAsync(cancellationToken);       // same address, same queues
/// </code>
/// </summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/rabbitmq/bin";
    private const string User = "kobbopay";
    private const string Host = "127.0.0.1";
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan EpmdPatience = TimeSpan.FromSeconds(2);

    private readonly RabbitMqSettings settings;
    private readonly string? systemUser;
    private readonly string password;
    private readonly int brokerPort;
    private readonly int epmdPort;
    private readonly int distributionPort;
    private readonly ServerProcess server = new("Server startup complete", StopPatience);
    private ChildProcess? epmd;

    private RabbitMqServer(RabbitMqSettings settings, string? systemUser, string password)
    {
        this.settings = settings;
        this.systemUser = systemUser;
        this.password = password;
        var ports = LoopbackPorts.Free(3);
        (brokerPort, epmdPort, distributionPort) = (ports[0], ports[1], ports[2]);
    }

    /// <summary>
    /// <c>amqp://user:password@127.0.0.1:port</c>, the same over stops and starts; no path is virtual host <c>/</c>.
    /// </summary>
    public Uri Uri => new(string.Create(CultureInfo.InvariantCulture, $"amqp://{User}:{password}@{Host}:{brokerPort}"));

    /// <summary>Completes when the broker's process has ended, wanted or not.</summary>
    public Task<ChildExit> Exited => server.Exited;

    private string PidFile(string name) => Path.Combine(settings.Folder, name + ".pid");

    /// <summary>
    /// Starts the node, with the data of its last run. <see cref="LocalServerException"/> says why it can't.
    /// </summary>
    public static async Task<RabbitMqServer> StartAsync(RabbitMqSettings settings, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(Programs, "rabbitmq-server")))
        {
            throw new LocalServerException(
                "RabbitMQ is not installed: sudo apt-get install -y --no-install-recommends rabbitmq-server");
        }

        var user = StateFolder.UserOf("rabbitmq");
        await StateFolder.MakeOwnAsync(settings.Folder, user, cancellationToken);
        var secret = await Secrets.KeepAsync(Path.Combine(settings.Folder, "password"), user, cancellationToken);
        // Erlang takes a cookie only from its home folder, and only if nobody else can read it.
        await Secrets.KeepAsync(Path.Combine(settings.Folder, ".erlang.cookie"), user, cancellationToken);
        var rabbit = new RabbitMqServer(settings, user, secret);
        await rabbit.WriteConfigurationAsync(cancellationToken);
        await rabbit.StartAgainAsync(cancellationToken);
        return rabbit;
    }

    /// <summary>Starts the stopped node with the same ports and data.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        // A node without a port mapper would start one as a daemon, which outlives it: ours is a child like any other.
        if (epmd is null or { Exited.IsCompleted: true })
        {
            epmd = await ChildProcess.StartAsync(
                Command("epmd", "/usr/bin/epmd", ["-port", Text(epmdPort), "-address", Host]) with
                {
                    PidFile = PidFile("epmd"),
                },
                cancellationToken);
        }

        var broker = Command("rabbitmq-server", Path.Combine(Programs, "rabbitmq-server"), []);
        await server.StartAsync(
            broker with { PidFile = PidFile("rabbitmq"), OnLine = settings.OnLine }, cancellationToken);
    }

    /// <summary>An orderly stop of the node, then of its port mapper.</summary>
    public async Task StopAsync()
    {
        await server.StopAsync();
        if (epmd is not null)
            await epmd.StopAsync(EpmdPatience);
    }

    /// <summary>Ends the node as a crash would.</summary>
    public Task KillAsync() => server.KillAsync();

    /// <summary>
    /// Adds a virtual host that our user has all rights in: a broker of its own for a test, in half a second.
    /// </summary>
    public async Task<Uri> AddVirtualHostAsync(string name, CancellationToken cancellationToken)
    {
        var program = Path.Combine(Programs, "rabbitmqctl");
        await ChildProcess.RunAsync(Command("rabbitmqctl", program, ["add_vhost", name]), cancellationToken);
        string[] permissions = ["set_permissions", "--vhost", name, User, ".*", ".*", ".*"];
        await ChildProcess.RunAsync(Command("rabbitmqctl", program, permissions), cancellationToken);
        return new Uri(Uri, name);
    }

    /// <summary>Removes a virtual host with all its queues.</summary>
    public Task DeleteVirtualHostAsync(string name, CancellationToken cancellationToken) => ChildProcess.RunAsync(
        Command("rabbitmqctl", Path.Combine(Programs, "rabbitmqctl"), ["delete_vhost", name]), cancellationToken);

    /// <summary>
    /// Has the broker copy every message of <c>/</c>, published or handed out, to the exchange
    /// <c>amq.rabbitmq.trace</c>, or no longer.
    /// </summary>
    public Task SetTracingAsync(bool on, CancellationToken cancellationToken) => ChildProcess.RunAsync(
        Command("rabbitmqctl", Path.Combine(Programs, "rabbitmqctl"), [on ? "trace_on" : "trace_off"]),
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        if (epmd is not null)
            await epmd.DisposeAsync();
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private async Task WriteConfigurationAsync(CancellationToken cancellationToken)
    {
        await StateFolder.WriteOwnAsync(
            Path.Combine(settings.Folder, "rabbitmq.conf"),
            $"default_user = {User}\ndefault_pass = {password}\n", systemUser, cancellationToken);
        await StateFolder.WriteOwnAsync(
            Path.Combine(settings.Folder, "enabled_plugins"), "[].\n", systemUser, cancellationToken);
    }

    private ChildCommand Command(string name, string program, string[] arguments)
    {
        string In(string file) => Path.Combine(settings.Folder, file);
        return new ChildCommand(name, program, arguments)
        {
            User = systemUser,
            CleanEnvironment = true,
            WorkingDirectory = settings.Folder,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["HOME"] = settings.Folder,
                ["ERL_EPMD_PORT"] = Text(epmdPort),
                ["ERL_EPMD_ADDRESS"] = Host,
                ["RABBITMQ_NODENAME"] = "kobbopay@localhost",
                ["RABBITMQ_NODE_IP_ADDRESS"] = Host,
                ["RABBITMQ_NODE_PORT"] = Text(brokerPort),
                ["RABBITMQ_DIST_PORT"] = Text(distributionPort),
                ["RABBITMQ_MNESIA_BASE"] = In("mnesia"),
                ["RABBITMQ_MNESIA_DIR"] = In("mnesia/node"),
                ["RABBITMQ_LOG_BASE"] = In("log"),
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_CONFIG_FILE"] = In("rabbitmq.conf"),
                ["RABBITMQ_ADVANCED_CONFIG_FILE"] = In("advanced.config"),
                ["RABBITMQ_GENERATED_CONFIG_DIR"] = In("generated"),
                // Absent on purpose: the machine's own file is not read.
                ["RABBITMQ_CONF_ENV_FILE"] = In("rabbitmq-env.conf"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = In("enabled_plugins"),
                ["RABBITMQ_PID_FILE"] = In("node.pid"),
                // The node replaces the start script, so that signals and the exit code are the node's own.
                ["RABBITMQ_ALLOW_INPUT"] = "1",
                ["RABBITMQ_SERVER_START_ARGS"] = "-noinput",
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
                // Debian's own arguments make a start take 10 to 17 s; these, 2 to 5 s.
                ["RABBITMQ_SERVER_ERL_ARGS"] = "+S 2:2",
            },
        };
    }
}

/// <summary>
/// <paramref name="Folder"/> is the node's own; its parents must be passable for the server's user
/// (<see cref="StateFolder"/>).
/// </summary>
public sealed record RabbitMqSettings(string Folder)
{
    /// <summary>Called with each line of the server's log.</summary>
    public Action<string>? OnLine { get; init; }
}
