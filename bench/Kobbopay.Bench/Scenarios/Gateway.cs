using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;

namespace Kobbopay.Bench.Scenarios;

/// <summary>G2: the same requests through the gateway and direct.</summary>
internal static class Gateway
{
    private const int Clients = 16;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var hello = await Role.StartAsync(cancellation, HelloRole.Name);
        await using var proxy = await Role.StartAsync(cancellation, ProxyRole.Name, hello.Address.AbsoluteUri);
        var through = Get("hello through bare YARP", proxy.Address);
        var direct = Get("hello direct", hello.Address);
        Report.Table();
        Report.Row("-", await Ratio.MeasureAsync(through, direct, bench.Plan, cancellation));
    }

    private static Subject Get(string name, Uri address)
    {
        var request = HttpLoop.Request(HttpMethod.Get, address, []);
        return new Subject(name, "requests/s", (duration, cancellation) => HttpLoop.RunAsync(
            address, Clients, duration, () => request, StatusCodes.Status200OK, cancellation));
    }
}
