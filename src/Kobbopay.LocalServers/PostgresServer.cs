using System.Globalization;
using Npgsql;

namespace Kobbopay.LocalServers;

/// <summary>
/// A private PostgreSQL cluster in a folder of its own, on a free port of 127.0.0.1. Nothing of the machine's own
/// PostgreSQL is touched. The data outlives the server; a second start on the same folder finds it again.
/// <code>
/// await using var server = await PostgresServer.StartAsync(new PostgresSettings(folder), cancellationToken);
/// await server.CreateDatabaseAsync("paymentsdb", cancellationToken);
/// </code>
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "kobbopay";
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    private readonly PostgresSettings settings;
    private readonly string binaries;
    private readonly string? systemUser;
    private readonly string password;
    private readonly ServerProcess server;

    private PostgresServer(PostgresSettings settings, string binaries, string? systemUser, string password)
    {
        this.settings = settings;
        this.binaries = binaries;
        this.systemUser = systemUser;
        this.password = password;
        Port = LoopbackPorts.Free(1)[0];
        server = new ServerProcess("database system is ready to accept connections", StopPatience);
    }

    /// <summary>The same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public int Port { get; }

    public string Host { get; } = "127.0.0.1";
    public string UserName { get; } = User;
    public string Password => password;

    /// <summary>Npgsql keyword string of the maintenance database.</summary>
    public string ConnectionString => ConnectionStringOf("postgres");

    /// <summary>Completes when the server process has ended, wanted or not.</summary>
    public Task<ChildExit> Exited => server.Exited;

    private string DataFolder => Path.Combine(settings.Folder, "data");

    /// <summary>
    /// Makes the cluster if there is none and starts it. <see cref="LocalServerException"/> says why it can't.
    /// </summary>
    public static async Task<PostgresServer> StartAsync(PostgresSettings settings, CancellationToken cancellationToken)
    {
        var user = StateFolder.UserOf("postgres");
        await StateFolder.MakeOwnAsync(settings.Folder, user, cancellationToken);
        var programs = PostgresBinaries.For(Path.Combine(settings.Folder, "data", "PG_VERSION"));
        var secret = await Secrets.KeepAsync(Path.Combine(settings.Folder, "password"), user, cancellationToken);
        var postgres = new PostgresServer(settings, programs, user, secret);
        await postgres.MakeClusterAsync(cancellationToken);
        await postgres.StartAgainAsync(cancellationToken);
        return postgres;
    }

    /// <summary>Starts the stopped server with the same port and data.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) =>
        server.StartAsync(ServerCommand(), cancellationToken);

    /// <summary>A fast shutdown: clients are disconnected, everything is on disk.</summary>
    public Task StopAsync() => server.StopAsync();

    /// <summary>Ends it as a crash would: the next start recovers from the log.</summary>
    public Task KillAsync() => server.KillAsync();

    public string ConnectionStringOf(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = Host,
        Port = Port,
        Username = User,
        Password = password,
        Database = database,
    }.ConnectionString;

    /// <summary>Creates the database unless it exists.</summary>
    public async Task CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false");
        await using var exists = source.CreateCommand("select exists (select from pg_database where datname = $1)");
        exists.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        if ((bool)(await exists.ExecuteScalarAsync(cancellationToken))!)
            return;
        var quoted = string.Concat("\"", name.Replace("\"", "\"\"", StringComparison.Ordinal), "\"");
#pragma warning disable CA2100 // An identifier can't be a parameter; it is quoted.
        await using var create = source.CreateCommand($"create database {quoted}");
#pragma warning restore CA2100
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task MakeClusterAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(DataFolder))
            return;
        // An initdb that was interrupted leaves no half cluster under the final name.
        var unfinished = DataFolder + ".new";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        string[] arguments =
        [
            "--pgdata", unfinished, "--username", User, "--pwfile", Path.Combine(settings.Folder, "password"),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
        ];
        await ChildProcess.RunAsync(Command("initdb", arguments), cancellationToken);
        Directory.Move(unfinished, DataFolder);
    }

    private ChildCommand ServerCommand() => Command("postgres",
    [
        "-D", DataFolder,
        "-p", Port.ToString(CultureInfo.InvariantCulture),
        "-c", "listen_addresses=" + Host,
        "-c", "unix_socket_directories=" + settings.Folder,
        "-c", "lc_messages=C",
        "-c", "log_destination=stderr",
        "-c", "logging_collector=off",
        "-c", "max_connections=200",
        "-c", "shared_buffers=256MB",
        "-c", settings.Durable ? "fsync=on" : "fsync=off",
        "-c", settings.Durable ? "synchronous_commit=on" : "synchronous_commit=off",
        "-c", settings.Durable ? "full_page_writes=on" : "full_page_writes=off",
    ]) with
    {
        Signal = StopSignal.Interrupt,
        PidFile = Path.Combine(settings.Folder, "postgres.pid"),
        OnLine = settings.OnLine,
    };

    private ChildCommand Command(string program, string[] arguments) =>
        new(program, Path.Combine(binaries, program), arguments) { User = systemUser, CleanEnvironment = true };
}

/// <summary>
/// <paramref name="Folder"/> is the cluster's own; its parents must be passable for the server's user
/// (<see cref="StateFolder"/>).
/// </summary>
public sealed record PostgresSettings(string Folder)
{
    /// <summary>False trades the data of a crashed machine for speed: for tests only.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Called with each line of the server's log.</summary>
    public Action<string>? OnLine { get; init; }
}
