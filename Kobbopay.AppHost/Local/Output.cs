using System.Globalization;

namespace Kobbopay.AppHost.Local;

/// <summary>
/// The one screen for everybody: each line behind the coloured name of who wrote it (no colours where nobody sees them
/// or <c>NO_COLOR</c> is set), and the same lines in a log file each.
/// </summary>
internal sealed class Output(string logFolder, int nameWidth) : IDisposable
{
    private const string Own = "kobbopay";
    private const string Reset = "\e[0m";
    private const string Red = "\e[31m";
    private const string Bold = "\e[1m";
    private static readonly string[] Colors = ["\e[36m", "\e[33m", "\e[35m", "\e[32m", "\e[34m", "\e[96m", "\e[93m"];

    private readonly bool colored = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private readonly Dictionary<string, LogFile> logs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> colorOf = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public string LogFileOf(string name) => Path.Combine(logFolder, name + ".log");

    /// <summary>A line of our own.</summary>
    public void Say(string text) => Line(Own, text);

    /// <summary>The same for what went wrong.</summary>
    public void Fail(string text)
    {
        foreach (var line in text.Split('\n'))
            Line(Own, colored ? Red + line + Reset : line);
    }

    /// <summary>A line of a part of the system, on the screen and in its log.</summary>
    public void Line(string name, string text)
    {
        lock (gate)
        {
            if (name != Own)
                LogOf(name).Append(text);
            var prefix = name.PadRight(nameWidth) + " | ";
            Write((colored ? ColorOf(name) + prefix + Reset : prefix) + text);
        }
    }

    /// <summary>A line for the log file alone: servers tell more than a screen is for.</summary>
    public void Log(string name, string text)
    {
        lock (gate)
            LogOf(name).Append(text);
    }

    /// <summary>Text without a prefix.</summary>
    public void Show(string text)
    {
        lock (gate)
            Write(text);
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var log in logs.Values)
                log.Dispose();
        }
    }

    private LogFile LogOf(string name)
    {
        if (!logs.TryGetValue(name, out var log))
            logs[name] = log = new LogFile(LogFileOf(name));
        return log;
    }

    private string ColorOf(string name)
    {
        if (name == Own)
            return Bold;
        if (!colorOf.TryGetValue(name, out var color))
            colorOf[name] = color = Colors[colorOf.Count % Colors.Length];
        return color;
    }

    private static void Write(string text)
    {
        try
        {
            Console.Out.WriteLine(text);
        }
        catch (IOException)
        {
            // Whoever read our output is gone; the log files go on.
        }
    }

    /// <summary>
    /// Begun anew at each start; a file that grows past the limit becomes the one older file that is kept.
    /// </summary>
    private sealed class LogFile : IDisposable
    {
        private const long Limit = 20_000_000;
        private readonly string path;
        private StreamWriter writer;

        public LogFile(string path)
        {
            this.path = path;
            writer = Open(path);
        }

        public void Append(string text)
        {
            writer.Write(TimeProvider.System.GetUtcNow().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
            writer.WriteLine(text);
            if (writer.BaseStream.Position < Limit)
                return;
            writer.Dispose();
            File.Move(path, path + ".1", overwrite: true);
            writer = Open(path);
        }

        public void Dispose() => writer.Dispose();

        private static StreamWriter Open(string path)
        {
            Directory.CreateDirectory(
                Path.GetDirectoryName(path)!,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new StreamWriter(path, append: false) { AutoFlush = true };
        }
    }
}
