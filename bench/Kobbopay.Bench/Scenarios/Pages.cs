using System.Diagnostics;
using System.Text.RegularExpressions;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>Pages of the documentation, each asked for the first time, of a gateway that has just started.</summary>
internal static partial class Pages
{
    private static readonly Uri Overview = new("/docs/overview", UriKind.Relative);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        List<double> first = [], others = [];
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            await using var product = await ProductProcesses.StartAsync(
                bench, webhooks: null, cancellation, ResourceNames.Gateway);
            var site = product.AddressOf(ResourceNames.Gateway);
            var (overview, time) = await TakeAsync(bench, new Uri(site, Overview), cancellation);
            first.Add(time);
            var links = Link().Matches(overview).Select(link => link.Groups["path"].Value).ToHashSet();
            foreach (var link in links.Where(link => link != Overview.OriginalString))
                others.Add((await TakeAsync(bench, new Uri(site, link), cancellation)).Ms);
        }

        Report.Note("| what | median (max) | pages |\n|---|---|---|");
        Report.Note($"| first page of a new gateway | {Text(first)} | {first.Count} |");
        Report.Note($"| each other page, for the first time | {Text(others)} | {others.Count} |");
    }

    private static async Task<(string Page, double Ms)> TakeAsync(
        Workbench bench, Uri page, CancellationToken cancellation)
    {
        var begun = Stopwatch.GetTimestamp();
        var text = await bench.Http.GetStringAsync(page, cancellation);
        return (text, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    private static string Text(List<double> times) =>
        $"**{Report.Text(Ratio.Median(times))} ms** ({Report.Text(times.Max())})";

    [GeneratedRegex("href=\"(?<path>/docs/[a-z-]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
