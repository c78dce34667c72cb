using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// How much faster than a block a second one scanner follows a real node's chain of 1,000 transfers per block, by the
/// number of watched addresses and by the way of looking for them. It begins behind, as after an outage.
/// </summary>
internal static class FollowChain
{
    private const int Blocks = 600;
    private const int QuickBlocks = 250;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Addresses, and whether they are named in the filter.</summary>
    private static readonly (int Watched, bool ByTopics)[] Cases =
        [(100, true), (100, false), (1_000, true), (1_000, false), (5_000, true), (5_000, false), (100_000, false)];

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        var blocks = bench.Plan == Plan.Full ? Blocks : QuickBlocks;
        Report.Note("| watched addresses | looked for by | times as fast as 1 block/s | blocks | steal, load |\n"
            + "|---|---|---|---|---|");
        foreach (var (watched, byTopics) in Cases)
        {
            var before = Machine.Now();
            var rate = await RateAsync(bench, watched, byTopics, blocks, cancellation);
            Report.Note($"| {watched} | {(byTopics ? "topics of the filter" : "all transfers of a block")} "
                + $"| **{Report.Text(rate)}** | {blocks} "
                + $"| {Report.Text(Machine.Now().Since(before).StealShare * 100)} %, {Report.Text(Machine.Load())} |");
        }
    }

    private static async Task<double> RateAsync(
        Workbench bench, int watched, bool byTopics, int blocks, CancellationToken cancellation)
    {
        await using var chain = await BusyChain.StartAsync(cancellation);
        var installation = Installation.Usual(bench) with { Settings = chain.Settings(byTopics ? watched : 0) };
        await using var product = await ProductProcesses.StartAsync(
            bench, installation, webhooks: null, cancellation, ResourceNames.Payments);
        await using var database = product.Open(ResourceNames.PaymentsDatabase);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        while (await CursorAsync(database, limited.Token) is null)
            await Task.Delay(Poll, TimeProvider.System, limited.Token);
        await product.StopOneAsync(ResourceNames.Payments);

        var ours = await WatchAsync(database, product.Configuration.Merchant, watched, cancellation);
        var head = await chain.MineAsync(blocks, ours, cancellation);
        var begin = await CursorAsync(database, limited.Token);
        await product.StartOneAsync(ResourceNames.Payments, webhooks: null, cancellation);
        // The first slice is read by code that is not compiled yet, and its beginning is not seen.
        long? first;
        while ((first = await CursorAsync(database, limited.Token)) == begin)
            await Task.Delay(Poll, TimeProvider.System, limited.Token);
        var started = Stopwatch.GetTimestamp();
        while (await CursorAsync(database, limited.Token) < head)
            await Task.Delay(Poll, TimeProvider.System, limited.Token);
        var rate = (head - first!.Value) / Stopwatch.GetElapsedTime(started).TotalSeconds;

        await using var counted = database.CreateCommand("select count(*) from transfers where canonical");
        if ((long)(await counted.ExecuteScalarAsync(cancellation))! is var found && found != blocks)
            throw new InvalidOperationException($"{found} of {blocks} transfers were found.");
        return rate;
    }

    private static async Task<long?> CursorAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            "select block_number from chains where chain = $1 and block_number >= 0");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = BusyChain.Network });
        return (long?)await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>Open payments at addresses of nobody's.</summary>
    /// <returns>Some of the addresses.</returns>
    private static async Task<List<string>> WatchAsync(
        NpgsqlDataSource database, Guid merchant, int watched, CancellationToken cancellation)
    {
        // An address in lower case has no checksum; those that the chain shows have one, so these are of digits only.
        await using var command = database.CreateCommand(
            """
            with made as (
              insert into payments
                (id, merchant_id, environment, status, outcome, version, amount, tolerance, required_confirmations,
                 late_window, currency, network, chain, contract, decimals, order_id, deposit_address, address_path,
                 xpub_fingerprint, payment_uri, public_token, created_at, expires_at)
              select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '70008'
                  || lpad(to_hex(n), 15, '0'))::uuid,
                $1, 'test', 'Pending', 'none', 1, 1000000, 0, 3, interval '1 hour', 'USDT', $2, $2, $3, 6,
                'order-' || n, '0x' || lpad((n * 7919)::text, 40, '1'), '0/' || n, 'bench', 'uri',
                'token-' || n, now(), now() + interval '6 days'
              from generate_series(1, $4) n
              returning deposit_address)
            select deposit_address from made limit 1000
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchant });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = BusyChain.Network });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = LocalServers.Evm.DevChain.Usdt });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = watched });
        var addresses = new List<string>();
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
                addresses.Add(row.GetString(0));
        }

        await using var analyze = database.CreateCommand("analyze payments");
        await analyze.ExecuteNonQueryAsync(cancellation);
        return addresses;
    }
}
