using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;
using Npgsql;

namespace Kobbopay.Bench.Peers;

/// <summary>
/// A peer's backlog: filled at once, measured like the product's, from the first arrival to the last. Every job has to
/// arrive once and to be known to the peer as done.
/// </summary>
/// <param name="done">A statement that says whether the peer has nothing left to do or to record.</param>
internal sealed class PeerBacklog(Receiver receiver, NpgsqlDataSource database, string done)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public async Task<Reading> DrainAsync(int count, Func<Task> fill, CancellationToken cancellation)
    {
        await receiver.ForgetAsync(cancellation);
        await fill();
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Patience && (await receiver.CountsAsync(cancellation)).Unique < count)
            await Task.Delay(Poll, TimeProvider.System, cancellation);
#pragma warning disable CA2100 // A constant of the peer's.
        await using var command = database.CreateCommand(done);
#pragma warning restore CA2100
        while (watch.Elapsed < Patience && !(bool)(await command.ExecuteScalarAsync(cancellation))!)
            await Task.Delay(Poll, TimeProvider.System, cancellation);

        var counts = await receiver.CountsAsync(cancellation);
        if (counts != new Counts(count, Duplicates: 0, Refused: 0) || watch.Elapsed >= Patience)
            throw new InvalidOperationException($"Of {count} jobs {counts} arrived: that is no rate.");
        var arrivals = await receiver.ArrivalsAsync(cancellation);
        return Reading.PerSecond(count, Stopwatch.GetElapsedTime(
            arrivals.Min(arrived => arrived.At), arrivals.Max(arrived => arrived.At)));
    }
}
