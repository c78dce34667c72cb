using System.Diagnostics;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>A full block: from when it is mined until every payment that it pays is Paid.</summary>
internal static class Scan
{
    private const int Payments = 1000;
    private const int Strangers = 9000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product);
        await using var database = NpgsqlDataSource.Create(
            bench.Servers.Postgres.ConnectionStringOf(ResourceNames.PaymentsDatabase));
        // The merchant's chain comes into being with its first block.
        await MineAsync(bench, creates, cancellation);
        await BlockAsync(bench, creates, database, cancellation);
        var (taken, before) = (new List<double>(), Machine.Now());
        for (var i = 0; i < bench.Plan.Repetitions; i++)
            taken.Add(await BlockAsync(bench, creates, database, cancellation));

        Report.Note(
            "| what | median (min-max) | blocks | steal, load |\n|---|---|---|---|\n"
            + $"| block of {Payments + Strangers} transfers mined, until {Payments} payments are Paid "
            + $"| **{Report.Text(Ratio.Median(taken))} ms** ({Report.Text(taken.Min())}-{Report.Text(taken.Max())}) "
            + $"| {taken.Count} | {Report.Text(Machine.Now().Since(before).StealShare * 100)} %, "
            + $"{Report.Text(Machine.Load())} |");
    }

    /// <summary>Milliseconds of one block, from the answer that says it stands.</summary>
    private static async Task<double> BlockAsync(
        Workbench bench, Creates creates, NpgsqlDataSource database, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        await HttpLoop.EachOnceAsync(
            creates.Address(ResourceNames.Payments),
            Enumerable.Range(0, Payments).Select(_ => creates.NewBytes()),
            StatusCodes.Status201Created, limited.Token);
        await creates.SettleAsync(limited.Token);
        await SendTransfersAsync(database, limited.Token);

        var mined = await MineAsync(bench, creates, limited.Token);
        await using var open = database.CreateCommand("select exists (select from payments where paid_at is null)");
        while ((bool)(await open.ExecuteScalarAsync(limited.Token))!)
            await Task.Delay(Poll, TimeProvider.System, limited.Token);
        var taken = Stopwatch.GetElapsedTime(mined).TotalMilliseconds;
        await creates.SettleAsync(limited.Token);
        return taken;
    }

    /// <returns>Stopwatch ticks of the answer.</returns>
    private static async Task<long> MineAsync(Workbench bench, Creates creates, CancellationToken cancellation)
    {
        using var request = creates.Request(HttpMethod.Post, "/v1/sandbox/networks/example-network/mine");
        using var answer = await bench.Http.SendAsync(request, cancellation);
        var mined = Stopwatch.GetTimestamp();
        answer.EnsureSuccessStatusCode();
        return mined;
    }

    /// <summary>They wait for the next block, ours dealt out among those of strangers.</summary>
    private static async Task SendTransfersAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            with ours as (
              select chain, contract, deposit_address as recipient, amount from payments where paid_at is null),
            strangers as (
              select o.chain, o.contract,
                '0x' || left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 40), o.amount
              from (select chain, contract, amount from ours limit 1) o, generate_series(1, $1))
            insert into simulator_transfers (chain, tx_hash, contract, recipient, amount)
            select chain, '0x' || encode(sha256(uuid_send(gen_random_uuid())), 'hex'), contract, recipient, amount
            from (select * from ours union all select * from strangers) mixed
            order by random()
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Strangers });
        var sent = await command.ExecuteNonQueryAsync(cancellation);
        if (sent != Payments + Strangers)
            throw new InvalidOperationException($"{sent} transfers wait, not {Payments + Strangers}.");
    }
}
