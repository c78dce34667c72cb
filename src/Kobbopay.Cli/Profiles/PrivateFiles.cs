using System.Text;

namespace Kobbopay.Cli.Profiles;

/// <summary>Files that their owner alone may read, in folders that their owner alone may enter. On Windows the profile
/// folder is the user's own already.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FolderMode700 = FileMode600 | UnixFileMode.UserExecute;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, FolderMode700);
    }

    /// <summary>Replaced as a whole: after a crash it is the old file or the new one.</summary>
    public static void Write(string path, string text)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        var next = $"{path}.{Environment.ProcessId}.next";
        File.Delete(next);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = FileMode600;
        using (var file = new FileStream(next, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>Null when there is none. One that others may read is taken from them, and that is told.</summary>
    public static string? Read(string path, Action<string> warn)
    {
        if (!File.Exists(path))
            return null;
        Close(path, FileMode600, warn);
        Close(Path.GetDirectoryName(path)!, FolderMode700, warn);
        return File.ReadAllText(path);
    }

    public static bool IsOpenToOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None;

    private static void Close(string path, UnixFileMode mode, Action<string> warn)
    {
        if (OperatingSystem.IsWindows() || !IsOpenToOthers(path))
            return;
        File.SetUnixFileMode(path, mode);
        warn($"others could read {path}: it is yours alone now. If others use this machine, roll the key.");
    }
}
