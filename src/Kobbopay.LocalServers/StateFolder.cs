using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Kobbopay.LocalServers;

/// <summary>
/// Where private servers keep their data. PostgreSQL refuses to run as root, so under root the servers run as the users
/// that their packages made, and a folder that those can't reach (a checkout in root's home), or whose path the
/// servers' scripts can't take, is replaced by one of the system's, named by a hash of the wished path.
/// </summary>
public static partial class StateFolder
{
    /// <summary>Longer paths leave no room for a Unix socket in them (108 bytes).</summary>
    private const int LongestPath = 80;

    private const UnixFileMode Private =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Passable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The user whom a server of that package runs as: itself under root, else null for ourselves.</summary>
    public static string? UserOf(string package) => Environment.IsPrivilegedProcess ? package : null;

    /// <summary>Makes <paramref name="wished"/> and returns it, or else the folder that stands in for it.</summary>
    public static async Task<string> ChooseAsync(string wished, CancellationToken cancellationToken)
    {
        MakePassable(wished);
        if (wished.Length <= LongestPath && PlainPath().IsMatch(wished)
            && await IsReachableAsync(wished, cancellationToken))
            return wished;

        var fallback = FallbackFor(wished);
        if (Environment.IsPrivilegedProcess)
            MakePassable(Path.GetDirectoryName(fallback)!);
        MakePassable(fallback);
        return fallback;
    }

    /// <summary>The same for the same path always; scripts/clean.sh computes it likewise.</summary>
    public static string FallbackFor(string wished)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wished)))[..16];
        if (Environment.IsPrivilegedProcess)
            return "/var/lib/kobbopay/" + name;
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local/state");
        return Path.Combine(state, "kobbopay", name);
    }

    /// <summary>Makes a folder that belongs to <paramref name="user"/> alone.</summary>
    internal static Task MakeOwnAsync(string folder, string? user, CancellationToken cancellationToken)
    {
        string[] owner = user is null ? [] : ["--owner", user, "--group", user];
        return ChildProcess.RunAsync(
            new ChildCommand(
                "install", "install", ["--directory", "--mode", "0700", .. owner, folder]), cancellationToken);
    }

    /// <summary>Writes a file that only <paramref name="user"/> (and root) can read.</summary>
    internal static async Task WriteOwnAsync(
        string file, string text, string? user, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using (var stream = new FileStream(file, options))
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        if (user is not null)
            await ChildProcess.RunAsync(
                new ChildCommand("chown", "chown", [$"{user}:{user}", file]), cancellationToken);
    }

    // Whatever the umask: the servers' users have to pass through. The folders inside are closed to all but their
    // owner.
    private static void MakePassable(string folder)
    {
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, Environment.IsPrivilegedProcess ? Passable : Private);
    }

    private static async Task<bool> IsReachableAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var package in (string[])["postgres", "rabbitmq"])
        {
            if (UserOf(package) is not { } user)
                continue;
            var command = new ChildCommand("test", "test", ["-x", folder]) { User = user };
            await using var probe = await ChildProcess.StartAsync(command, cancellationToken);
            if ((await probe.Exited.WaitAsync(cancellationToken)).Code != 0)
                return false;
        }

        return true;
    }

    [GeneratedRegex("^[A-Za-z0-9/._+-]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainPath();
}
