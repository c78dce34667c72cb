using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>P3: used idempotency keys answered again, and racing clients that share one.</summary>
internal static class Replay
{
    private const int Clients = 16;
    private const int Racers = 32;
    private const int Keys = 1000;
    private const string Replayed = "Idempotency-Replayed: true";

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var product = await ProductProcesses.StartAsync(
            bench, webhooks: null, cancellation, ResourceNames.Payments);
        var creates = new Creates(bench, product);
        Report.Table();
        Report.Row("P3", await Ratio.MeasureAsync(
            Replays(creates), creates.Direct(Clients), bench.Plan, cancellation));
        await using var database = NpgsqlDataSource.Create(
            bench.Servers.Postgres.ConnectionStringOf(ResourceNames.PaymentsDatabase));
        var (answered, doubled) = await RaceAsync(bench, creates, database, cancellation);
        Report.Note($"\nP3: {Racers} clients raced with one key, {bench.Plan.Repetitions} times: "
            + $"{answered} answered 201, rows doubled: **{doubled}**.");
    }

    /// <summary>A thousand keys, used just before, so that their identity token is as young as a create's.</summary>
    private static Subject Replays(Creates creates) =>
        new("replays, Payments direct", "replays/s", async (duration, cancellation) =>
        {
            var address = creates.Address(ResourceNames.Payments);
            var requests = Enumerable.Range(0, Keys).Select(_ => creates.NewBytes()).ToArray();
            var first = -1;
            await HttpLoop.EachOnceAsync(address, requests, StatusCodes.Status201Created, cancellation);
            await creates.SettleAsync(cancellation);
            return await HttpLoop.RunAsync(
                address, Clients, duration,
                () => requests[(uint)Interlocked.Increment(ref first) % Keys],
                StatusCodes.Status201Created, cancellation, MustBeReplayed);
        });

    private static void MustBeReplayed(string answer)
    {
        if (!answer.Contains(Replayed, StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"Not a replay: {answer}");
    }

    /// <summary>
    /// Who comes while the first is at work may be told to wait (409); there is one payment all the same.
    /// </summary>
    private static async Task<(int Answered, long Doubled)> RaceAsync(
        Workbench bench, Creates creates, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var answered = 0;
        var before = await PaymentsAsync(database, cancellation);
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            using var one = creates.NewRequest();
            var key = one.Headers.GetValues("Idempotency-Key").First();
            var body = await one.Content!.ReadAsStringAsync(cancellation);
            var statuses = await Task.WhenAll(Enumerable.Range(0, Racers).Select(async _ =>
            {
                using var request = creates.NewRequest();
                request.Headers.Remove("Idempotency-Key");
                request.Headers.Add("Idempotency-Key", key);
                request.Content = new StringContent(body, mediaType: new("application/json"));
                using var answer = await bench.Http.SendAsync(request, cancellation);
                return (int)answer.StatusCode;
            }));
            answered += statuses.Count(status => status == StatusCodes.Status201Created);
        }

        var made = await PaymentsAsync(database, cancellation) - before;
        return (answered, made - bench.Plan.Repetitions);
    }

    private static async Task<long> PaymentsAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select count(*) from payments");
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
