using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;

namespace Kobbopay.Bench.Baselines;

/// <summary>
/// Signed POSTs from a plain HttpClient loop with nothing stored: the most that a sender in .NET can deliver here. W1
/// is measured against it.
/// </summary>
internal static class BareSender
{
    public static Subject Over(Receiver receiver, HttpClient http, string secret, int connections) =>
        new($"bare sender, {connections} connections", "deliveries/s", async (duration, cancellation) =>
        {
            await receiver.ForgetAsync(cancellation);
            var watch = Stopwatch.StartNew();
            var loops = Enumerable.Range(0, connections).Select(async _ =>
            {
                var sent = 0L;
                for (; watch.Elapsed < duration; sent++)
                {
                    var id = BareEvent.NewId();
                    await BareEvent.PostAsync(http, receiver.Webhooks, secret, id, BareEvent.Body(id), cancellation);
                }

                return sent;
            });
            var total = (await Task.WhenAll(loops)).Sum();
            var elapsed = watch.Elapsed;
            var counts = await receiver.CountsAsync(cancellation);
            return counts == new Counts(total, Duplicates: 0, Refused: 0)
                ? Reading.PerSecond(total, elapsed)
                : throw new InvalidOperationException($"{total} were sent, {counts} arrived: that is no rate.");
        });
}
