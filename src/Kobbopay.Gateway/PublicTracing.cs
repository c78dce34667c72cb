using System.Diagnostics;
using Kobbopay.ServiceDefaults;
using Microsoft.Extensions.Configuration.Memory;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;

namespace Kobbopay.Gateway;

/// <summary>
/// A caller's <c>traceparent</c> is continued: a merchant finds the trace of an order again in the webhook it led to.
/// It decides nothing here; how a caller's sampling flag counts is <c>OTEL_TRACES_SAMPLER</c>'s. A caller's baggage
/// stays out: it would travel through every service and into their spans.
/// </summary>
public static class PublicTracing
{
    /// <summary>
    /// Where nobody records spans the server makes none, which it does for its log: the caller's <c>traceparent</c>
    /// goes on as it came, and the service behind starts a trace where there is none. Any other configuration wins.
    /// </summary>
    private static readonly Dictionary<string, string?> NoSpans = new(StringComparer.Ordinal)
    {
        ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = nameof(LogLevel.None),
    };

    public static void AddPublicTracing(this WebApplicationBuilder builder)
    {
        if (!builder.ExportsTelemetry())
            builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = NoSpans });
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
        builder.Services.AddSingleton<DistributedContextPropagator>(new TraceContextOnly());
    }
}

/// <summary>W3C trace context without baggage.</summary>
public sealed class TraceContextOnly : DistributedContextPropagator
{
    private static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields { get; } = ["traceparent", "tracestate"];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
        W3C.Inject(activity, carrier, (to, name, value) =>
        {
            if (Fields.Contains(name, StringComparer.OrdinalIgnoreCase))
                setter?.Invoke(to, name, value);
        });

    public override void ExtractTraceIdAndState(
        object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        W3C.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(
        object? carrier, PropagatorGetterCallback? getter) => null;
}
