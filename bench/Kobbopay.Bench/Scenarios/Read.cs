using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>One payment read by its id; beside it a bare Kestrel that selects the same row.</summary>
internal static class Read
{
    private const int Clients = 16;
    private const int Payments = 1000;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product);
        var connection = bench.Servers.Postgres.ConnectionStringOf(ResourceNames.PaymentsDatabase);
        await HttpLoop.EachOnceAsync(
            creates.Address(ResourceNames.Payments),
            Enumerable.Range(0, Payments).Select(_ => creates.NewBytes()),
            StatusCodes.Status201Created, cancellation);
        await creates.SettleAsync(cancellation);
        var ids = await IdsAsync(connection, cancellation);

        await using var select = await Role.StartAsync(cancellation, SelectRole.Name, connection);
        var payments = Reads("GET /v1/payments/{id} direct", ids, id => new Uri(
            product.AddressOf(ResourceNames.Payments), $"/v1/payments/{Id.Format(Id.Payment, id)}"), creates.Identity);
        var bare = Reads("bare Kestrel + Npgsql", ids, id => new Uri(select.Address, $"/payments/{id}"));
        Report.Table();
        Report.Row("read", await Ratio.MeasureAsync(payments, bare, bench.Plan.UntilCompiled, cancellation));
    }

    /// <summary>All of them in turn; the requests are made before the clock runs.</summary>
    private static Subject Reads(
        string name, Guid[] ids, Func<Guid, Uri> addressOf, Func<KeyValuePair<string, string>>? credentials = null) =>
        new(name, "reads/s", (duration, cancellation) =>
        {
            KeyValuePair<string, string>[] headers = credentials is null ? [] : [credentials()];
            var requests = ids.Select(id => HttpConnection.Request(HttpMethod.Get, addressOf(id), headers)).ToArray();
            var last = -1;
            return HttpLoop.RunAsync(
                addressOf(ids[0]), Clients, duration,
                () => requests[(uint)Interlocked.Increment(ref last) % (uint)requests.Length],
                StatusCodes.Status200OK, cancellation);
        });

    private static async Task<Guid[]> IdsAsync(string connection, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(connection);
        await using var command = database.CreateCommand("select array_agg(id) from payments");
        return (Guid[])(await command.ExecuteScalarAsync(cancellation))!;
    }
}
