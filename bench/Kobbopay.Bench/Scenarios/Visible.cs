using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>S2: from a cancel's answer until the payer's status, read over HTTP, says the same.</summary>
internal static class Visible
{
    private const int PerSecond = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments, ResourceNames.PublicStatus);
        var creates = new Creates(bench, product);
        var statuses = new Uri(product.AddressOf(ResourceNames.PublicStatus), "/v1/public/payments/");
        await LatenciesAsync(bench, creates, statuses, bench.Plan.WarmUp, cancellation);
        LatencyTable.Heading();
        await LatencyTable.PrintAsync(
            "S2 cancel to public status", bench.Plan,
            duration => LatenciesAsync(bench, creates, statuses, duration, cancellation));
    }

    private static async Task<double[]> LatenciesAsync(
        Workbench bench, Creates creates, Uri statuses, TimeSpan duration, CancellationToken cancellation)
    {
        var latencies = new List<double>();
        await Pace.RunAsync(PerSecond, duration, async () =>
        {
            using var create = creates.NewRequest();
            using var payment = await SendAsync(bench, create, cancellation);
            var url = payment.RootElement.GetProperty("publicStatusUrl").GetString()!;
            var status = new Uri(statuses, url[(url.LastIndexOf('/') + 1)..]);
            // The payer has the page open: the service knows the payment and has to learn that it changed.
            await VersionAsync(bench, status, cancellation);

            var id = payment.RootElement.GetProperty("payment_id").GetString();
            using var cancel = creates.Request(HttpMethod.Post, $"/v1/payments/{id}/cancel");
            using var canceled = await SendAsync(bench, cancel, cancellation);
            var at = Stopwatch.GetTimestamp();
            while (await VersionAsync(bench, status, cancellation) < 2)
            {
                if (Stopwatch.GetElapsedTime(at) > Patience)
                    throw new InvalidOperationException($"{id} was never seen as canceled.");
                await Task.Delay(Poll, TimeProvider.System, cancellation);
            }

            latencies.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
        }, cancellation);
        return [.. latencies];
    }

    private static async Task<JsonDocument> SendAsync(
        Workbench bench, HttpRequestMessage request, CancellationToken cancellation)
    {
        using var answer = await bench.Http.SendAsync(request, cancellation);
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation));
    }

    /// <summary>The first number of the ETag, <c>W/"2.0"</c>.</summary>
    private static async Task<int> VersionAsync(Workbench bench, Uri status, CancellationToken cancellation)
    {
        using var answer = await bench.Http.GetAsync(status, cancellation);
        answer.EnsureSuccessStatusCode();
        return int.Parse(answer.Headers.ETag!.Tag.Trim('"').Split('.')[0], provider: null);
    }
}
