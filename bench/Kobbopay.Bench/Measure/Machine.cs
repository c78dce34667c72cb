using System.Globalization;

namespace Kobbopay.Bench.Measure;

/// <summary>The machine's own counters (/proc), so that a disturbed repetition can be told from a slow one.</summary>
/// <param name="BusyMs">CPU time of everything on the machine since its start.</param>
/// <param name="StealMs">CPU time that the host took away.</param>
/// <param name="TotalMs">All CPU time, idle included.</param>
internal sealed record Machine(double BusyMs, double StealMs, double TotalMs)
{
    /// <summary>The kernel reports in hundredths of a second on every architecture that .NET runs on.</summary>
    private const double MsPerTick = 10;

    public static Machine Now()
    {
        // cpu user nice system idle iowait irq softirq steal ...
        var ticks = File.ReadLines("/proc/stat").First()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1).Take(8)
            .Select(text => double.Parse(text, CultureInfo.InvariantCulture) * MsPerTick)
            .ToArray();
        var (idle, steal, total) = (ticks[3] + ticks[4], ticks[7], ticks.Sum());
        return new Machine(total - idle - steal, steal, total);
    }

    public Machine Since(Machine earlier) =>
        new(BusyMs - earlier.BusyMs, StealMs - earlier.StealMs, TotalMs - earlier.TotalMs);

    public double StealShare => TotalMs > 0 ? StealMs / TotalMs : 0;

    /// <summary>The load average of the last minute.</summary>
    public static double Load() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>Resident memory of a process in MiB.</summary>
    public static double ResidentMiB(int process)
    {
        const string Field = "VmRSS:";
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status"))
            .First(line => line.StartsWith(Field, StringComparison.Ordinal));
        var kib = line[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return double.Parse(kib, CultureInfo.InvariantCulture) / 1024;
    }
}
