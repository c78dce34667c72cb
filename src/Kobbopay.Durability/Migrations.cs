using System.Reflection;
using DbUp;
using DbUp.Engine.Output;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>
/// Brings a service's database to its schema: the numbered SQL scripts embedded here (outbox, inbox) and in the
/// service, forward only, each in its transaction, under an advisory lock, so that any number of replicas may start at
/// once.
/// </summary>
public static class Migrations
{
    /// <summary>
    /// Any constant will do; it has to differ from other users of advisory locks in the same database.
    /// </summary>
    private const long LockKey = 0x6b6f_6262_6f01;

    /// <exception cref="InvalidOperationException">A script failed; what came before it stands.</exception>
    public static async Task UpgradeAsync(string connectionString, Assembly scripts, CancellationToken cancellation)
    {
        // The lock lives as long as its session, so the session is its own and ends here.
        var unpooled = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;
        await using var holder = new NpgsqlConnection(unpooled);
        await holder.OpenAsync(cancellation);
        await using (var take = new NpgsqlCommand("select pg_advisory_lock($1)", holder) { CommandTimeout = 0 })
        {
            take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = LockKey });
            await take.ExecuteNonQueryAsync(cancellation);
        }

        var result = await Task.Run(
            () => DeployChanges.To.PostgresqlDatabase(unpooled)
                .WithScriptsEmbeddedInAssemblies(
                    [typeof(Migrations).Assembly, scripts],
                name => name.Contains(".Migrations.", StringComparison.Ordinal))
                .JournalToPostgresqlTable("public", "schema_versions")
                .WithTransactionPerScript()
                .LogTo(new NoOpUpgradeLog())
                .Build()
                .PerformUpgrade(),
            cancellation);
        if (!result.Successful)
            throw new InvalidOperationException($"Migration {result.ErrorScript?.Name} failed", result.Error);
    }
}

public static class MigrationRegistration
{
    /// <summary>
    /// Migrates before anything else starts, so that no request and no loop ever meets an older schema; while the
    /// database is not there yet it tries again, so that services may start in any order.
    /// </summary>
    public static void MigrateAtStart(this IHostApplicationBuilder builder, string connectionName, Assembly scripts)
    {
        var connectionString = builder.Configuration.GetConnectionString(connectionName)
            ?? throw new InvalidOperationException($"ConnectionStrings:{connectionName} is not configured");
        builder.Services.AddHostedService(services =>
            ActivatorUtilities.CreateInstance<MigrateAtStart>(services, connectionString, scripts));
    }
}

internal sealed partial class MigrateAtStart(
    string connectionString, Assembly scripts, TimeProvider clock, ILogger<MigrateAtStart> logger) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await Migrations.UpgradeAsync(connectionString, scripts, cancellationToken);
                return;
            }
            catch (NpgsqlException unavailable)
            {
                LogWaiting(unavailable);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning, "The database is not available yet; trying again")]
    private partial void LogWaiting(Exception unavailable);
}
