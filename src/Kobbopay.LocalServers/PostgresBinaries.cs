using System.Globalization;

namespace Kobbopay.LocalServers;

/// <summary>Debian's folders of PostgreSQL programs, one per major version.</summary>
internal static class PostgresBinaries
{
    private const int OldestVersion = 15;
    private const string Root = "/usr/lib/postgresql";

    /// <summary>The programs that can read the cluster's data, or the newest when there is none yet.</summary>
    public static string For(string versionFile)
    {
        var installed = Installed();
        if (installed.Count == 0)
        {
            throw new LocalServerException(
                $"PostgreSQL {OldestVersion} or newer is not installed: "
                + "sudo apt-get install -y --no-install-recommends postgresql");
        }

        if (!File.Exists(versionFile))
            return Programs(installed.Max());
        var version = int.Parse(File.ReadAllText(versionFile), CultureInfo.InvariantCulture);
        return installed.Contains(version)
            ? Programs(version)
            : throw new LocalServerException(
                $"The data in {Path.GetDirectoryName(versionFile)} is of PostgreSQL {version}, which is not installed: "
                + $"install postgresql-{version}, or forget the data with `make clean`.");
    }

    private static List<int> Installed() => Directory.Exists(Root)
        ? [.. Directory.GetDirectories(Root)
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out var version)
                && version >= OldestVersion && File.Exists(Path.Combine(Programs(version), "initdb")))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))]
        : [];

    private static string Programs(int version) => string.Create(CultureInfo.InvariantCulture, $"{Root}/{version}/bin");
}
