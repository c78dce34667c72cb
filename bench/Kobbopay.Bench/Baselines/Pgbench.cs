using System.Globalization;
using Kobbopay.Bench.Measure;
using Kobbopay.LocalServers;
using Npgsql;

namespace Kobbopay.Bench.Baselines;

/// <summary>
/// The bare database work of a create (idempotency, payment, outbox), driven by pgbench: P1 and P2 are held against it.
/// </summary>
internal static class Pgbench
{
    private const string Database = "bare";

    public static string ConnectionString(PostgresServer server) => server.ConnectionStringOf(Database);

    public static async Task PrepareAsync(PostgresServer server, CancellationToken cancellation)
    {
        await server.CreateDatabaseAsync(Database, cancellation);
        await using var source = NpgsqlDataSource.Create(ConnectionString(server));
        var schema = await File.ReadAllTextAsync(Script("schema.sql"), cancellation);
#pragma warning disable CA2100 // The text is a file of this project.
        await using var command = source.CreateCommand(schema);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public static Subject OneStatement(PostgresServer server, int clients) =>
        new("pgbench one statement", "creates/s", (duration, cancellation) =>
            RunAsync(server, Database, "one-statement.sql", clients, duration, cancellation));

    public static Subject FiveRoundTrips(PostgresServer server, int clients) =>
        new("pgbench five round trips", "creates/s", (duration, cancellation) =>
            RunAsync(server, Database, "five-round-trips.sql", clients, duration, cancellation));

    /// <summary>One view by its key, of those that Sql/many-views.sql makes.</summary>
    public static Subject SelectView(PostgresServer server, string database, int clients) =>
        new("pgbench select by key", "reads/s", (duration, cancellation) =>
            RunAsync(server, database, "select-view.sql", clients, duration, cancellation));

    private static async Task<Reading> RunAsync(
        PostgresServer server,
        string database,
        string script,
        int clients,
        TimeSpan duration,
        CancellationToken cancellation)
    {
        string[] arguments =
        [
            "--no-vacuum", "--protocol=prepared", "--file", Script(script),
            "--client", Number(clients), "--jobs", "2", "--time", Number((int)Math.Ceiling(duration.TotalSeconds)),
            "--host", server.Host, "--port", Number(server.Port), "--username", server.UserName, database,
        ];
        var lines = new List<string>();
        var command = new ChildCommand("pgbench", "pgbench", arguments)
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PGPASSWORD"] = server.Password },
            OnLine = lines.Add,
        };
        await ChildProcess.RunAsync(command, cancellation);
        return new Reading(
            Value(lines, "tps = "), (long)Value(lines, "number of transactions actually processed: "));
    }

    private static double Value(List<string> lines, string label)
    {
        var line = lines.First(line => line.StartsWith(label, StringComparison.Ordinal));
        return double.Parse(line[label.Length..].Split(' ', '/')[0], CultureInfo.InvariantCulture);
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Sql", name);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
