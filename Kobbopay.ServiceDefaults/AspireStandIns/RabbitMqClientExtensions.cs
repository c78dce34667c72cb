using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// Stands in for the package Aspire.RabbitMQ.Client where Aspire can't be restored: same method, same configuration key
/// (<c>ConnectionStrings:{name}</c>), same registrations (one connection that recovers by itself, health check).
/// </summary>
public static class RabbitMqClientExtensions
{
    public static void AddRabbitMQClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<RabbitMQClientSettings>? configureSettings = null,
        Action<ConnectionFactory>? configureConnectionFactory = null)
    {
        var settings = new RabbitMQClientSettings
        {
            ConnectionString = builder.Configuration.GetConnectionString(connectionName),
        };
        configureSettings?.Invoke(settings);
        var factory = new ConnectionFactory
        {
            Uri = new Uri(settings.ConnectionString
                ?? throw new InvalidOperationException($"ConnectionStrings:{connectionName} is not configured")),
        };
        configureConnectionFactory?.Invoke(factory);

        // Connects when first asked for, and again at the next time of asking when that failed.
        builder.Services.AddSingleton<IConnectionFactory>(factory);
        builder.Services.AddSingleton(_ => factory.CreateConnectionAsync().GetAwaiter().GetResult());
        if (!settings.DisableHealthChecks)
            builder.Services.AddHealthChecks().AddCheck<ConnectionHealthCheck>("RabbitMQ.Client");
    }

    private sealed class ConnectionHealthCheck(IServiceProvider services) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(services.GetRequiredService<IConnection>().IsOpen
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("the connection to the broker is closed"));
    }
}

public sealed class RabbitMQClientSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }
}
