using System.Globalization;

namespace Kobbopay.Bench.Roles;

/// <summary>
/// One event's first arrival: when, in Stopwatch ticks (one monotonic clock for all processes), and at which path.
/// </summary>
/// <param name="Payment">The event's own id where it has none.</param>
internal sealed record Arrived(string Event, string Type, string Payment, string Path, long At);

/// <summary>What the receiver has: each event once, how many came again, how many did not verify.</summary>
internal sealed record Counts(long Unique, long Duplicates, long Refused);

/// <summary>The receiver's process and its counters.</summary>
internal sealed class Receiver(Role role, HttpClient http) : IAsyncDisposable
{
    public Uri Webhooks { get; } = new(role.Address, ReceiverRole.Path);

    /// <summary>Takes connections and answers nothing.</summary>
    public Uri Hanging { get; } = new(role.Address, ReceiverRole.HangingPath);

    /// <param name="wholeLoopback">It is there on every address of 127.0.0.0/8.</param>
    public static async Task<Receiver> StartAsync(
        string secret, HttpClient http, CancellationToken cancellation, bool wholeLoopback = false)
    {
        var role = await Role.StartAsync(cancellation, ReceiverRole.Name, secret, $"{wholeLoopback}");
        return new Receiver(role, http);
    }

    /// <summary>The same receiver at a path of its own, by which its arrivals can be told apart.</summary>
    public Uri At(int endpoint) =>
        new(role.Address, string.Create(CultureInfo.InvariantCulture, $"{ReceiverRole.Path}/{endpoint}"));

    public async Task ForgetAsync(CancellationToken cancellation)
    {
        using var answer = await http.DeleteAsync(role.Address, cancellation);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<Counts> CountsAsync(CancellationToken cancellation)
    {
        var counts = (await http.GetStringAsync(new Uri(role.Address, "/counts"), cancellation)).Split(' ');
        return new Counts(Number(counts[0]), Number(counts[1]), Number(counts[2]));
    }

    public async Task<Arrived[]> ArrivalsAsync(CancellationToken cancellation)
    {
        var lines = await http.GetStringAsync(new Uri(role.Address, "/arrivals"), cancellation);
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Select(parts => new Arrived(parts[0], parts[1], parts[2], parts[3], Number(parts[4])))];
    }

    public ValueTask DisposeAsync() => role.DisposeAsync();

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
