namespace Kobbopay.Testing;

/// <summary>The checkout that the tests were built in: what they hold documents and samples against.</summary>
public static class Checkout
{
    public static string Folder { get; } = Find();

    /// <param name="path">From the checkout's root.</param>
    public static string PathOf(params ReadOnlySpan<string> path) => Path.Combine([Folder, .. path]);

    /// <summary>A program of another project, built beside the tests in the same configuration.</summary>
    public static string Built(string project, string file)
    {
        var own = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, file);
    }

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Kobbopay.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside a checkout.");
        return folder;
    }
}
