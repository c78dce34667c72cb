namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>The processes below another one, told apart from later ones of the same id by their start time.</summary>
internal static class ProcessTree
{
    public static IReadOnlyList<string> Below(int process)
    {
        var all = Directory.GetDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out _))
            .Select(name => (Id: name!, Stat: Stat(name!)))
            .Where(found => found.Stat.Length > 0)
            .ToLookup(found => found.Stat[1], found => found.Id);
        var below = new List<string>();
        var next = new Queue<string>([$"{process}"]);
        while (next.TryDequeue(out var parent))
        {
            foreach (var child in all[parent])
            {
                below.Add($"{child} {StartTime(child)}");
                next.Enqueue(child);
            }
        }

        return below;
    }

    /// <summary>Those that still run, with what they are; a zombie does not run.</summary>
    public static IReadOnlyList<string> StillRunning(IEnumerable<string> processes) =>
    [
        .. processes
            .Where(process => StartTime(process.Split(' ')[0]) == process.Split(' ')[1])
            .Select(process => $"{process}: {Name(process.Split(' ')[0])}"),
    ];

    // proc(5): after the name in parentheses come the state, the parent and, as field 22, the start time.
    private static string[] Stat(string process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string StartTime(string process) => Stat(process) is [not "Z", ..] stat ? stat[19] : "ended";

    private static string Name(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "ended meanwhile";
        }
    }
}
