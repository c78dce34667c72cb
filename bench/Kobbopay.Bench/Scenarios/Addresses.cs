using System.Diagnostics;
using Kobbopay.Bench.Measure;
using Kobbopay.Payments.Rails.Evm;

namespace Kobbopay.Bench.Scenarios;

/// <summary>Addresses that one core derives in a second: each new payment on an EVM network needs one.</summary>
internal static class Addresses
{
    private const int Derivations = 1_000;
    private const double LeastPerSecond = 1_000;

    /// <summary>The account of the test mnemonic.</summary>
    private const string Account =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
        + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP";

    public static Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        if (ExtendedPublicKey.TryParse(Account, out var xpub) != XpubError.None)
            throw new InvalidOperationException("The test account is no xpub.");
        var (rates, next) = (new List<double>(), 0L);
        var warmUp = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(warmUp) < bench.Plan.WarmUp)
            _ = xpub!.AddressAt(next++);
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            for (var j = 0; j < Derivations; j++)
                _ = xpub!.AddressAt(next++);
            rates.Add(Derivations / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        Report.Note("| what | per second and core (min-max) |\n|---|---|\n"
            + $"| addresses derived | **{Report.Text(Ratio.Median(rates))}** "
            + $"({Report.Text(rates.Min())}-{Report.Text(rates.Max())}) |");
        if (rates.Max() < LeastPerSecond)
            throw new InvalidOperationException($"A core must derive {LeastPerSecond} addresses a second.");
        return Task.CompletedTask;
    }
}
