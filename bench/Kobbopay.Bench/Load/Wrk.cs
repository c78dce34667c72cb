using System.Globalization;
using System.Text.RegularExpressions;
using Kobbopay.LocalServers;

namespace Kobbopay.Bench.Load;

/// <summary>Latencies as wrk sees them, one request at a time on one connection.</summary>
internal static partial class Wrk
{
    /// <returns>The median, in microseconds.</returns>
    /// <exception cref="InvalidOperationException">An answer was no success.</exception>
    public static async Task<double> MedianAsync(
        Uri address, KeyValuePair<string, string> header, TimeSpan duration, CancellationToken cancellation)
    {
        var output = new List<string>();
        await using var child = await ChildProcess.StartAsync(
            new ChildCommand(
                "wrk", "wrk",
                [
                    "-t1", "-c1", $"-d{(int)duration.TotalSeconds}s", "--latency",
                    "-H", $"{header.Key}: {header.Value}", address.AbsoluteUri,
                ])
            {
                OnLine = output.Add,
            },
            cancellation);
        await child.Exited.WaitAsync(cancellation);
        var text = string.Join('\n', output);
        var median = Median().Match(text);
        if (!median.Success || text.Contains("Non-2xx", StringComparison.Ordinal))
            throw new InvalidOperationException($"wrk: {text}");
        var value = double.Parse(median.Groups["value"].Value, CultureInfo.InvariantCulture);
        return median.Groups["unit"].Value switch { "us" => value, "ms" => value * 1_000, _ => value * 1_000_000 };
    }

    [GeneratedRegex(@"50%\s+(?<value>[0-9.]+)(?<unit>us|ms|s)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Median();
}
