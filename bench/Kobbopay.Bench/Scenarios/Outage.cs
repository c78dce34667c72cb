using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>R2: creates while RabbitMQ is stopped, and how soon their events are out when it is back.</summary>
internal static class Outage
{
    private const int Clients = 16;
    private const int MostRepetitions = 3;

    /// <summary>Half a minute of a full plan.</summary>
    private const int Durations = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product);
        await creates.Direct(Clients).MeasureAsync(bench.Plan.WarmUp, cancellation);
        var outages = new List<Measured>();
        for (var i = 0; i < Math.Min(MostRepetitions, bench.Plan.Repetitions); i++)
            outages.Add(await OnceAsync(bench, creates, cancellation));

        Report.Note("| goal | what | ratio (min-max) | product | baseline | load |\n|---|---|---|---|---|---|");
        Print("creates/s, RabbitMQ stopped / before", outages, one => one.During, one => one.Before);
        Print("s to publish the backlog / at the rate before", outages, one => one.Drain, one => one.ExpectedDrain);
    }

    private static async Task<Measured> OnceAsync(Workbench bench, Creates creates, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var before = await creates.LoadAsync(Clients, bench.Plan.Duration, cancellation);
        await SettleAsync(creates, cancellation);
        // Creates and their publishing together, since that is how it went before the outage.
        var published = before.Operations / watch.Elapsed.TotalSeconds;

        await bench.Servers.RabbitMq.StopAsync();
        Reading during;
        try
        {
            during = await creates.LoadAsync(Clients, bench.Plan.Duration * Durations, cancellation);
        }
        finally
        {
            // The scenarios after this one need it too.
            await bench.Servers.RabbitMq.StartAgainAsync(cancellation);
        }

        watch.Restart();
        await SettleAsync(creates, cancellation);
        return new Measured(
            before.Value, during.Value, watch.Elapsed.TotalSeconds, during.Operations / published);
    }

    private static async Task SettleAsync(Creates creates, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        await creates.SettleAsync(limited.Token);
    }

    private static void Print(
        string what, List<Measured> outages, Func<Measured, double> product, Func<Measured, double> baseline)
    {
        var ratios = outages.Select(one => product(one) / baseline(one)).ToArray();
        Report.Note($"| R2 | {what} | **{Report.Text(Ratio.Median(ratios))}** "
            + $"({Report.Text(ratios.Min())}-{Report.Text(ratios.Max())}) "
            + $"| {Report.Text(Ratio.Median(outages.Select(product)))} "
            + $"| {Report.Text(Ratio.Median(outages.Select(baseline)))} | {Report.Text(Machine.Load())} |");
    }

    /// <param name="Before">Creates/s.</param>
    /// <param name="Drain">Seconds from the broker's start until nothing is left to publish.</param>
    /// <param name="ExpectedDrain">Seconds that the backlog would take at the rate before.</param>
    private sealed record Measured(double Before, double During, double Drain, double ExpectedDrain);
}
