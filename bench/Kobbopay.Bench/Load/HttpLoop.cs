using System.Diagnostics;
using System.Text;
using Kobbopay.Bench.Measure;

namespace Kobbopay.Bench.Load;

/// <summary>Requests one after the other on each of some connections (<see cref="HttpConnection"/>).</summary>
internal static class HttpLoop
{
    /// <param name="request">The bytes of the next request.</param>
    /// <param name="seen">Called with each answer's text, or null.</param>
    public static async Task<Reading> RunAsync(
        Uri address,
        int connections,
        TimeSpan duration,
        Func<byte[]> request,
        int status,
        CancellationToken cancellation,
        Action<string>? seen = null)
    {
        var watch = Stopwatch.StartNew();
        var loops = Enumerable.Range(0, connections).Select(async _ =>
        {
            using var connection = await HttpConnection.OpenAsync(address, cancellation);
            var done = 0L;
            for (; watch.Elapsed < duration; done++)
                See(await connection.ExchangeAsync(request(), status, cancellation), seen);
            return done;
        }).ToArray();
        var total = (await Task.WhenAll(loops)).Sum();
        return Reading.PerSecond(total, watch.Elapsed);
    }

    /// <summary>Each of some requests once, over one connection.</summary>
    public static async Task EachOnceAsync(
        Uri address, IEnumerable<byte[]> requests, int status, CancellationToken cancellation)
    {
        using var connection = await HttpConnection.OpenAsync(address, cancellation);
        foreach (var request in requests)
            await connection.ExchangeAsync(request, status, cancellation);
    }

    /// <summary>
    /// An even rate over some connections. A request that its connection was too busy for counts from when it was due,
    /// so that a slow moment is not left out.
    /// </summary>
    /// <param name="seen">Called with each answer's text, or null.</param>
    /// <returns>Milliseconds of each request.</returns>
    public static async Task<double[]> PacedAsync(
        Uri address,
        int connections,
        double perSecond,
        TimeSpan duration,
        Func<byte[]> request,
        int status,
        CancellationToken cancellation,
        Action<string>? seen = null)
    {
        var interval = TimeSpan.FromSeconds(connections / perSecond);
        var watch = Stopwatch.StartNew();
        var loops = Enumerable.Range(0, connections).Select(async place =>
        {
            using var connection = await HttpConnection.OpenAsync(address, cancellation);
            var latencies = new List<double>();
            for (var due = interval * place / connections; due < duration; due += interval)
            {
                var (from, early) = (due, due - watch.Elapsed);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, TimeProvider.System, cancellation);
                    from = watch.Elapsed;
                }

                var answer = await connection.ExchangeAsync(request(), status, cancellation);
                latencies.Add((watch.Elapsed - from).TotalMilliseconds);
                See(answer, seen);
            }

            return latencies;
        }).ToArray();
        return [.. (await Task.WhenAll(loops)).SelectMany(latencies => latencies)];
    }

    private static void See(ReadOnlyMemory<byte> answer, Action<string>? seen) =>
        seen?.Invoke(Encoding.UTF8.GetString(answer.Span));
}
