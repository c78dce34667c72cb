using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Bench.Scenarios;

/// <summary>R1: SIGKILL of the Webhooks service in the middle of a backlog; the next process takes it over.</summary>
internal static class Crash
{
    private const int MostRepetitions = 3;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation, ResourceNames.Payments, ResourceNames.Webhooks);
        await using var backlog = new Backlog(product, receiver);
        await using var database = product.Open(ResourceNames.WebhooksDatabase);
        var share = new Share(backlog.Demo, Backlog.CountFor(bench.Plan.Duration));
        await backlog.DrainAsync([share], [], cancellation);

        Report.Note(
            "| goal | deliveries | delivered at the kill | missing | in flight at the kill | of these arrived twice "
            + "| duplicates / in flight | kill to last takeover s | last lease's end to last takeover s |\n"
            + "|---|---|---|---|---|---|---|---|---|");
        for (var i = 0; i < Math.Min(MostRepetitions, bench.Plan.Repetitions); i++)
        {
            var one = await OnceAsync(product, backlog, receiver, database, share, cancellation);
            Report.Note($"| R1 | {share.Deliveries} | {one.Before} | **{one.Missing}** | {one.InFlight} "
                + $"| {one.Duplicates} | **{Report.Text((double)one.Duplicates / one.InFlight)}** "
                + $"| **{Report.Text(one.Takeover.TotalSeconds)}** | {Report.Text(one.Late.TotalSeconds)} |");
            if (one.Missing > 0)
                throw new InvalidOperationException($"{one.Missing} of {share.Deliveries} events are missing.");
        }
    }

    private static async Task<Crashed> OnceAsync(
        ProductProcesses product, Backlog backlog, Receiver receiver, NpgsqlDataSource database, Share share,
        CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        await backlog.SeedAsync([share], TimeSpan.Zero, cancellation);
        while ((await receiver.CountsAsync(cancellation)).Unique < share.Deliveries / 3)
            await Task.Delay(Poll, TimeProvider.System, cancellation);

        var killedAt = TimeProvider.System.GetUtcNow();
        await product.KillOneAsync(ResourceNames.Webhooks);
        var (inFlight, claimedAt) = await InFlightAsync(database, cancellation);
        var before = (await receiver.CountsAsync(cancellation)).Unique;
        await product.StartOneAsync(ResourceNames.Webhooks, receiver.Webhooks, cancellation);
        await backlog.WaitUntilDoneAsync([share], cancellation);

        var counts = await receiver.CountsAsync(cancellation);
        var (tookOverAt, lost) = await TakenOverAsync(database, inFlight, cancellation);
        if (lost != inFlight.Length || counts.Refused > 0)
        {
            throw new InvalidOperationException(
                $"Of {inFlight.Length} attempts that the kill broke off {lost} are recorded and sent again; {counts}.");
        }

        return new Crashed(
            before, share.Deliveries - counts.Unique, inFlight.Length, counts.Duplicates, tookOverAt - killedAt,
            tookOverAt - (claimedAt + DeliveryQueue.Lease));
    }

    /// <summary>The deliveries that were claimed and have no result, and when the last of them was claimed.</summary>
    private static async Task<(Guid[] Deliveries, DateTimeOffset ClaimedAt)> InFlightAsync(
        NpgsqlDataSource database, CancellationToken cancellation)
    {
        // A statement that has reached the server is carried out, whether or not its client still lives.
        await using var busy = database.CreateCommand(
            """
            select exists (select from pg_stat_activity
              where datname = current_database() and backend_type = 'client backend' and application_name <> $1)
            """);
        busy.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ProductProcesses.ApplicationName });
        while ((bool)(await busy.ExecuteScalarAsync(cancellation))!)
            await Task.Delay(Poll, TimeProvider.System, cancellation);

        await using var command = database.CreateCommand(
            """
            select array_agg(delivery_id), max(attempt_started_at) from delivery_queue
            where attempt_started_at is not null
            """);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return row.IsDBNull(0)
            ? throw new InvalidOperationException("Nothing was in flight at the kill: that says nothing.")
            : (row.GetFieldValue<Guid[]>(0), row.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>When the last of them was sent again, and how many were, with the lost attempt recorded.</summary>
    private static async Task<(DateTimeOffset At, long Count)> TakenOverAsync(
        NpgsqlDataSource database, Guid[] deliveries, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select max(again.started_at), count(*) from attempts again
            join attempts lost on lost.delivery_id = again.delivery_id and lost.outcome = 'outcome_unknown'
            where again.delivery_id = any($1) and again.outcome = 'succeeded'
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = deliveries });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return (row.GetFieldValue<DateTimeOffset>(0), row.GetInt64(1));
    }

    /// <param name="Before">Delivered when the process was killed.</param>
    /// <param name="Takeover">From the kill until the last delivery in flight was sent again.</param>
    /// <param name="Late">The same from the end of the last lease.</param>
    private sealed record Crashed(
        long Before, long Missing, long InFlight, long Duplicates, TimeSpan Takeover, TimeSpan Late);
}
