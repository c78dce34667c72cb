using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Kobbopay.ServiceDefaults.Data;

/// <summary>How every service talks to its PostgreSQL database.</summary>
public static class Database
{
    /// <summary>Connections of one process at most; more only queue inside PostgreSQL (performance.md).</summary>
    private const int PoolSize = 20;

    /// <summary>Distinct statements that a connection keeps prepared.</summary>
    private const int PreparedStatements = 100;

    /// <param name="options">More settings of every session, as <c>-c name=value</c>.</param>
    public static void AddDatabase(this IHostApplicationBuilder builder, string name, string? options = null) =>
        builder.AddNpgsqlDataSource(
            name,
            settings => settings.DisableTracing = settings.DisableMetrics = !builder.ExportsTelemetry(),
            source => Configure(source.ConnectionStringBuilder, options));

    private static void Configure(NpgsqlConnectionStringBuilder connection, string? options)
    {
        connection.MaxPoolSize = PoolSize;
        connection.MaxAutoPrepare = PreparedStatements;
        connection.AutoPrepareMinUsages = 2;
        connection.NoResetOnClose = true;
        connection.Enlist = false;
        // PostgreSQL would compile a statement whose rows it overestimates, anew each time, for longer than it runs.
        connection.Options = $"{connection.Options} -c jit=off {options}".Trim();
        connection.Timeout = 5;
        connection.CommandTimeout = 15;
    }
}
