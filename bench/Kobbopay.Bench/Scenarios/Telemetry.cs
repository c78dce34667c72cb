using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// R3: a backlog's rate with traces, metrics and logs exported and without. Two installations beside each other, so
/// that each is warm when its turn comes.
/// </summary>
internal static class Telemetry
{
    private const string Observed = "observed";
    private const string Traces = "/v1/traces ";
    private const string Metrics = "/v1/metrics ";

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var collector = await Role.StartAsync(cancellation, CollectorRole.Name);
        var broker = await bench.Servers.RabbitMq.AddVirtualHostAsync(Observed, cancellation);
        try
        {
            await using var off = await StartAsync(Installation.Usual(bench));
            await using var on = await StartAsync(
                new Installation($"_{Observed}", broker, Exporting(collector.Address)));
            await using var quiet = new Backlog(off, receiver);
            await using var observed = new Backlog(on, receiver);
            Report.Table();
            Report.Row("R3", await Ratio.MeasureAsync(
                observed.Draining("Webhooks with telemetry", observed.Demo),
                quiet.Draining("without", quiet.Demo),
                bench.Plan, cancellation));
        }
        finally
        {
            await bench.Servers.RabbitMq.DeleteVirtualHostAsync(Observed, cancellation);
        }

        var received = await bench.Http.GetStringAsync(collector.Address, cancellation);
        Report.Note($"\nR3, requests to the collector: {received.Replace("\n", ", ", StringComparison.Ordinal)}.");
        if (!new[] { Traces, Metrics }.All(signal => received.Contains(signal, StringComparison.Ordinal)))
            throw new InvalidOperationException("Nothing was exported: that is no comparison.");

        Task<ProductProcesses> StartAsync(Installation installation) => ProductProcesses.StartAsync(
            bench, installation, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
    }

    /// <summary>Everything at the defaults, every trace sampled.</summary>
    private static Dictionary<string, string> Exporting(Uri collector) => new(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.AbsoluteUri,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };
}
