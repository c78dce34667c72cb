using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// Stands in for the package Aspire.Npgsql where Aspire can't be restored: same method, same configuration key
/// (<c>ConnectionStrings:{name}</c>), same registrations (one data source, health check, traces and metrics).
/// </summary>
public static class NpgsqlDataSourceExtensions
{
    public static void AddNpgsqlDataSource(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<NpgsqlSettings>? configureSettings = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null)
    {
        var settings = new NpgsqlSettings
        {
            ConnectionString = builder.Configuration.GetConnectionString(connectionName),
        };
        configureSettings?.Invoke(settings);
        var connectionString = settings.ConnectionString
            ?? throw new InvalidOperationException($"ConnectionStrings:{connectionName} is not configured");

        builder.Services.AddNpgsqlDataSource(connectionString, source => configureDataSourceBuilder?.Invoke(source));
        builder.Services.AddHealthChecks().AddNpgSql(name: "PostgreSql");
        if (!settings.DisableTracing)
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddNpgsql());
        if (!settings.DisableMetrics)
            builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddNpgsqlInstrumentation());
    }
}

public sealed class NpgsqlSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableTracing { get; set; }

    public bool DisableMetrics { get; set; }
}
