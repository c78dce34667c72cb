using System.Diagnostics;
using System.Globalization;

namespace Kobbopay.LocalServers;

/// <summary>
/// A child's process id and start time in a file. The start time tells whether the id still means that process, so that
/// a next start ends what a crash left behind and never a stranger.
/// </summary>
public static class ProcessRecord
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    internal static void Write(string file, int process)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"{process} {StartTime(process)}\n"));
    }

    /// <summary>Ends the recorded process, if it still runs, and forgets the record.</summary>
    internal static async Task EndStaleAsync(string file, StopSignal signal, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
            return;
        if (Running(file) is { } process)
        {
            Signals.Send(process, signal);
            var started = Stopwatch.GetTimestamp();
            while (Running(file) is not null && Stopwatch.GetElapsedTime(started) < Patience)
                await Task.Delay(Poll, TimeProvider.System, cancellationToken);
            if (Running(file) is not null)
                Signals.Send(process, StopSignal.Kill);
            Signals.KillGroup(process);
        }

        File.Delete(file);
    }

    /// <summary>The recorded process id while that very process runs, else null. A zombie does not run.</summary>
    public static int? Running(string file)
    {
        if (!File.Exists(file))
            return null;
        var parts = File.ReadAllText(file).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var process)
            && string.Equals(StartTime(process), parts[1], StringComparison.Ordinal) ? process : null;
    }

    // proc(5): after the name in parentheses come the state (field 3) and, as field 22, the start time in clock ticks.
    private static string? StartTime(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
