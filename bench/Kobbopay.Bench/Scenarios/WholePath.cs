using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Bench.Baselines;
using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Product;
using Kobbopay.Bench.Roles;
using Kobbopay.ServiceDefaults;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// E2: through the gateway create a payment, pay it on the simulated chain, receive <c>payment.paid</c>; from the first
/// request until the last payment's event is there.
/// </summary>
internal static class WholePath
{
    private const int Clients = 16;
    private const int MostRepetitions = 3;

    /// <summary>A minute of a full plan.</summary>
    private const int Durations = 12;

    private const string Paid = "payment.paid";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        await using var receiver = await Receiver.StartAsync(bench.Secret, bench.Http, cancellation);
        await using var product = await ProductProcesses.StartAsync(
            bench, receiver.Webhooks, cancellation,
            ResourceNames.Payments, ResourceNames.Webhooks, ResourceNames.Gateway);
        var creates = new Creates(bench, product);
        var plan = bench.Plan with { Repetitions = Math.Min(MostRepetitions, bench.Plan.Repetitions) };
        List<double> tails = [];
        var whole = new Subject("whole path", "payments/s", async (duration, stop) =>
        {
            var (reading, tail) = await PathAsync(bench, creates, receiver, duration * Durations, stop);
            tails.Add(tail);
            return reading;
        });
        Report.Table();
        Report.Row("E2", await Ratio.MeasureAsync(
            whole, Pgbench.OneStatement(bench.Servers.Postgres, Clients), plan, cancellation));
        Report.Note($"\nE2, seconds from the last payment's answer to its event: {Report.Text(tails.Max())} at most.");
    }

    private static async Task<(Reading Reading, double Tail)> PathAsync(
        Workbench bench, Creates creates, Receiver receiver, TimeSpan duration, CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        return await Blocks.MineWhileAsync(
            bench, creates, () => PayAsync(creates, receiver, duration, cancellation), cancellation);
    }

    private static async Task<(Reading Reading, double Tail)> PayAsync(
        Creates creates, Receiver receiver, TimeSpan duration, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var loops = Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var gateway = await HttpConnection.OpenAsync(creates.Address(ResourceNames.Gateway), cancellation);
            var payments = new List<string>();
            while (Stopwatch.GetElapsedTime(start) < duration)
                payments.Add(await PayOneAsync(gateway, creates, cancellation));
            return payments;
        });
        var made = (await Task.WhenAll(loops)).SelectMany(payments => payments).ToHashSet(StringComparer.Ordinal);
        var answered = Stopwatch.GetTimestamp();

        Arrived[] paid;
        do
        {
            await Task.Delay(Poll, TimeProvider.System, cancellation);
            paid = [.. (await receiver.ArrivalsAsync(cancellation)).Where(arrived => arrived.Type == Paid)];
        }
        while (paid.Length < made.Count && Stopwatch.GetElapsedTime(answered) < Patience);

        var counts = await receiver.CountsAsync(cancellation);
        if (!made.SetEquals(paid.Select(arrived => arrived.Payment)) || counts.Refused > 0 || counts.Duplicates > 0)
        {
            throw new InvalidOperationException(
                $"Of {made.Count} payments {paid.Length} are known as paid, {counts}: that is no rate.");
        }

        var last = paid.Max(arrived => arrived.At);
        var tail = last > answered ? Stopwatch.GetElapsedTime(answered, last).TotalSeconds : 0;
        return (Reading.PerSecond(made.Count, Stopwatch.GetElapsedTime(start, Math.Max(last, answered))), tail);
    }

    /// <summary>The payment's id.</summary>
    private static async Task<string> PayOneAsync(
        HttpConnection gateway, Creates creates, CancellationToken cancellation)
    {
        var created = await gateway.ExchangeAsync(
            creates.NewBytesThroughGateway(), StatusCodes.Status201Created, cancellation);
        var id = IdOf(created.Span);
        await gateway.ExchangeAsync(creates.PayBytesThroughGateway(id), StatusCodes.Status200OK, cancellation);
        return id;
    }

    private static string IdOf(ReadOnlySpan<byte> answer)
    {
        var json = new Utf8JsonReader(answer[answer.IndexOf((byte)'{')..], isFinalBlock: false, state: default);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("payment_id"u8) && json.Read())
                return json.GetString()!;
        }

        throw new InvalidOperationException("The answer has no payment_id");
    }
}
