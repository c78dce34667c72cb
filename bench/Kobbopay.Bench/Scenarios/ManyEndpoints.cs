using System.Buffers.Binary;
using System.Net;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// C1: as many deliveries as there are endpoints, each on an address of its own, so each with a connection of its own;
/// against the same number to one endpoint.
/// </summary>
internal static class ManyEndpoints
{
    private const int Many = 10_000;
    private const int ManyOfQuickPlan = 2000;

    /// <summary>127.1.0.1.</summary>
    private const uint FirstAddress = 0x7F01_0001;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(
            bench.Secret, bench.Http, cancellation, wholeLoopback: true);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await using var backlog = new Backlog(product, receiver);
        var count = bench.Plan == Plan.Full ? Many : ManyOfQuickPlan;
        var endpoints = await new Endpoints(bench, product).AddAsync(
            Enumerable.Range(0, count).Select(i => On(Address(i), receiver.Webhooks)), cancellation);

        Report.Table();
        Report.Row("C1", await Ratio.MeasureAsync(
            Drain($"to {count} endpoints", Backlog.Even(count, endpoints)),
            Drain("to one endpoint", Backlog.Even(count, backlog.Demo)),
            bench.Plan, cancellation));

        Subject Drain(string name, Share[] shares) =>
            new($"{count} deliveries {name}", "deliveries/s", async (_, stop) =>
            {
                var drained = await backlog.DrainAsync(shares, [], stop);
                return drained.Reading;
            });
    }

    /// <summary>The first one and those that follow it.</summary>
    private static IPAddress Address(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, FirstAddress + (uint)number);
        return new IPAddress(bytes);
    }

    private static Uri On(IPAddress address, Uri url) => new UriBuilder(url) { Host = $"{address}" }.Uri;
}
