using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Kobbopay.ServiceDefaults;

/// <summary>
/// Logs, metrics and traces, configured by <c>OTEL_*</c> alone: the exporter is on when an endpoint is given, and
/// <c>service.name</c> is the deployer's to set.
/// </summary>
public static class Telemetry
{
    /// <summary>
    /// A trace goes from the merchant's request to the merchant's endpoint, whether or not it is recorded on the way.
    /// </summary>
    private static readonly ActivityListener KeepTraces = new()
    {
        ShouldListenTo = source => source.Name.StartsWith("Kobbopay.", StringComparison.Ordinal),
        Sample = (ref _) => ActivitySamplingResult.PropagationData,
    };

    /// <summary>
    /// Frameworks tell what went wrong; a line for each request or SQL statement is theirs to offer and a deployer's to
    /// ask for. Any other configuration wins over this one.
    /// </summary>
    private static readonly Dictionary<string, string?> LogLevels = new(StringComparer.Ordinal)
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:System.Net.Http"] = "Warning",
        ["Logging:LogLevel:MassTransit"] = "Warning",
        ["Logging:LogLevel:Npgsql"] = "Warning",
    };

    internal static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = LogLevels });
        ActivitySource.AddActivityListener(KeepTraces);
        if (!builder.ExportsTelemetry())
            return;

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Kobbopay.*", "MassTransit"))
            .WithTracing(tracing => tracing
                .AddSource("Kobbopay.*", "MassTransit")
                .AddAspNetCoreInstrumentation(options => options.Filter = IsWorthATrace)
                .AddHttpClientInstrumentation())
            .UseOtlpExporter();
    }

    /// <summary>Nothing is collected where nobody asked for it.</summary>
    public static bool ExportsTelemetry(this IHostApplicationBuilder builder) =>
        !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    private static bool IsWorthATrace(HttpContext http) =>
        !http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        && !http.Request.Path.StartsWithSegments("/alive", StringComparison.Ordinal);
}
