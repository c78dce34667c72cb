using System.Globalization;
using System.Text.Json;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// What a thousand payers with the page open cost: each follows a payment of their own, through the gateway, for a
/// while. Memory and threads of the two services that hold the streams.
/// </summary>
internal static class Streams
{
    private const int Payers = 1_000;
    private const int FirstPayers = 50;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Open = TimeSpan.FromSeconds(45);
    private static readonly string[] Holders = [ResourceNames.PublicStatus, ResourceNames.Gateway];

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation,
            ResourceNames.Payments, ResourceNames.PublicStatus, ResourceNames.Gateway);
        var tokens = await CreateAsync(bench, product, cancellation);
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var payers = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        // What serving anybody at all takes (code compiled, connections) is no stream's.
        Close(await OpenAsync(product, payers, tokens.Take(FirstPayers), cancellation));
        await Task.Delay(Quiet, TimeProvider.System, cancellation);
        var before = Holders.Select(service => Look(product.ProcessIdOf(service))).ToArray();

        var answers = await OpenAsync(product, payers, tokens, cancellation);
        await Task.Delay(Open, TimeProvider.System, cancellation);
        Report.Note("| service | MiB without | MiB with 1,000 streams | more (must: < 100) | threads without, with |\n"
            + "|---|---|---|---|---|");
        foreach (var (service, was) in Holders.Zip(before))
        {
            var now = Look(product.ProcessIdOf(service));
            Report.Note($"| {service} | {Report.Text(was.MiB)} | {Report.Text(now.MiB)} "
                + $"| **{Report.Text(now.MiB - was.MiB)}** | {was.Threads}, {now.Threads} |");
        }

        Close(answers);
    }

    private static async Task<List<HttpResponseMessage>> OpenAsync(
        ProductProcesses product, HttpClient payers, IEnumerable<string> tokens, CancellationToken cancellation)
    {
        var answers = new List<HttpResponseMessage>(Payers);
        foreach (var token in tokens)
        {
            var answer = await payers.GetAsync(
                new Uri(product.AddressOf(ResourceNames.Gateway), $"/v1/public/payments/{token}/stream"),
                HttpCompletionOption.ResponseHeadersRead, cancellation);
            answer.EnsureSuccessStatusCode();
            answers.Add(answer);
        }

        return answers;
    }

    private static void Close(List<HttpResponseMessage> answers) => answers.ForEach(answer => answer.Dispose());

    private static async Task<List<string>> CreateAsync(
        Workbench bench, ProductProcesses product, CancellationToken cancellation)
    {
        var creates = new Creates(bench, product);
        var tokens = new List<string>(Payers);
        while (tokens.Count < Payers)
        {
            using var create = creates.NewRequest();
            using var answer = await bench.Http.SendAsync(create, cancellation);
            answer.EnsureSuccessStatusCode();
            using var payment = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation));
            var url = payment.RootElement.GetProperty("publicStatusUrl").GetString()!;
            tokens.Add(url[(url.LastIndexOf('/') + 1)..]);
        }

        return tokens;
    }

    private static (double MiB, int Threads) Look(int process)
    {
        var threads = File.ReadLines($"/proc/{process}/status")
            .First(line => line.StartsWith("Threads:", StringComparison.Ordinal));
        return (
            Machine.ResidentMiB(process),
            int.Parse(threads["Threads:".Length..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture));
    }
}
