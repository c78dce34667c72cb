using System.Globalization;

namespace Kobbopay.Bench.Roles;

/// <summary>What the receiver has: each event once, how many came again, how many did not verify.</summary>
internal sealed record Counts(long Unique, long Duplicates, long Refused);

/// <summary>The receiver's process and its counters.</summary>
internal sealed class Receiver(Role role, HttpClient http) : IAsyncDisposable
{
    public Uri Webhooks { get; } = new(role.Address, "/webhooks");

    public static async Task<Receiver> StartAsync(string secret, HttpClient http, CancellationToken cancellation)
    {
        var role = await Role.StartAsync(cancellation, ReceiverRole.Name, secret);
        return new Receiver(role, http);
    }

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

    /// <summary>
    /// When each event came first, in Stopwatch ticks (one monotonic clock for all processes), by the payment's id, or
    /// by the event's where it has none.
    /// </summary>
    public async Task<Dictionary<string, long>> ArrivalsAsync(CancellationToken cancellation)
    {
        var lines = await http.GetStringAsync(new Uri(role.Address, "/arrivals"), cancellation);
        return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[1], parts => Number(parts[2]), StringComparer.Ordinal);
    }

    public ValueTask DisposeAsync() => role.DisposeAsync();

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
