using System.Text.Json;
using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>
/// <c>.kobbopay</c>: what a folder's Kobbopay keeps between runs, held by one run at a time.
/// <c>demo.env</c> and <c>parameters.json</c> (secrets, readable by their owner alone), <c>logs/</c>, <c>pids/</c>,
/// <c>anvil/</c> with the chain of dev-evm, <c>url</c> of the running system, <c>lock</c>, and <c>state-folder</c>
/// naming where the servers' data is.
/// </summary>
internal sealed class LocalFolder : IDisposable
{
    private readonly FileStream heldLock;
    private readonly Dictionary<string, string> parameters;

    private LocalFolder(string path, FileStream heldLock)
    {
        Location = path;
        this.heldLock = heldLock;
        parameters = File.Exists(ParametersFile)
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(ParametersFile))!
            : new Dictionary<string, string>(StringComparer.Ordinal);
    }

    public string Location { get; }

    private string ParametersFile => In("parameters.json");

    private string UrlFile => In("url");

    /// <summary>
    /// Fails with <see cref="LocalServerException"/> when another run holds the folder. The lock ends with the process,
    /// however that ends.
    /// </summary>
    public static LocalFolder Open(string path)
    {
        Directory.CreateDirectory(path);
        try
        {
            var held = new FileStream(
                Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var folder = new LocalFolder(path, held);
            File.Delete(folder.UrlFile);
            return folder;
        }
        catch (IOException)
        {
            var url = Path.Combine(path, "url");
            throw new LocalServerException(File.Exists(url)
                ? $"Kobbopay runs in this folder already, at {File.ReadAllText(url).Trim()} (Ctrl+C there stops it)."
                : "Kobbopay is being started or stopped in this folder already.");
        }
    }

    public string In(string name) => Path.Combine(Location, name);

    public void TellUrl(string url) => File.WriteAllText(UrlFile, url + "\n");

    /// <summary>The kept value, or <paramref name="make"/>'s from now on.</summary>
    public string Keep(string parameter, Func<string> make)
    {
        if (parameters.TryGetValue(parameter, out var kept))
            return kept;
        var made = parameters[parameter] = make();
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(ParametersFile + ".new", options))
            JsonSerializer.Serialize(stream, parameters);
        File.Move(ParametersFile + ".new", ParametersFile, overwrite: true);
        return made;
    }

    /// <summary>Where the servers keep their data: here, or elsewhere when their users can't come here.</summary>
    public async Task<string> ServersFolderAsync(CancellationToken cancellationToken)
    {
        var chosen = await StateFolder.ChooseAsync(Location, cancellationToken);
        if (chosen == Location)
            File.Delete(In("state-folder"));
        else
            await File.WriteAllTextAsync(In("state-folder"), chosen + "\n", cancellationToken);
        return chosen;
    }

    public void Dispose()
    {
        File.Delete(UrlFile);
        heldLock.Dispose();
    }
}
