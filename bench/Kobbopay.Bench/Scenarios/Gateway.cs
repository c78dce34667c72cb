using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>G2: creates through the gateway and direct; beside it a bare YARP in front of a bare Kestrel.</summary>
internal static class Gateway
{
    private const int Clients = 16;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        Report.Table();
        await using (var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments, ResourceNames.Gateway))
        {
            var creates = new Creates(bench, product);
            Report.Row("G2", await Ratio.MeasureAsync(
                creates.ThroughGateway(Clients), creates.Direct(Clients), bench.Plan, cancellation));
            await ManyKeys.AddAsync(bench, product, cancellation);
            Report.Row("G2, 100,000 keys", await Ratio.MeasureAsync(
                creates.ThroughGateway(Clients), creates.Direct(Clients), bench.Plan, cancellation));
        }

        await using var hello = await Role.StartAsync(cancellation, HelloRole.Name);
        await using var proxy = await Role.StartAsync(cancellation, ProxyRole.Name, hello.Address.AbsoluteUri);
        var through = Get("hello through bare YARP", proxy.Address);
        var direct = Get("hello direct", hello.Address);
        Report.Row("-", await Ratio.MeasureAsync(through, direct, bench.Plan, cancellation));
    }

    private static Subject Get(string name, Uri address)
    {
        var request = HttpConnection.Request(HttpMethod.Get, address, []);
        return new Subject(name, "requests/s", (duration, cancellation) => HttpLoop.RunAsync(
            address, Clients, duration, () => request, StatusCodes.Status200OK, cancellation));
    }
}
