using System.Text.Json;
using Kobbopay.Cli.Running;

namespace Kobbopay.Cli.Profiles;

/// <summary>Who is logged in where: the environment's variables, or else the user's file.</summary>
internal sealed class ProfileStore(Terminal terminal)
{
    public const string UrlVariable = "KOBBOPAY_URL";
    public const string KeyVariable = "KOBBOPAY_API_KEY";

    public string Folder => Path.Combine(
        terminal.Variable("XDG_CONFIG_HOME") is { Length: > 0 } folder ? folder
        : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)
        : Path.Combine(terminal.Variable("HOME") ?? "/", ".config"),
        "kobbo");

    public string File => Path.Combine(Folder, "config.json");

    /// <exception cref="CliException">There is no key, or it must not be sent there.</exception>
    public Credentials Find(string profile, Action<string> warn)
    {
        var (url, key) = (terminal.Variable(UrlVariable), terminal.Variable(KeyVariable));
        var stored = key is { Length: > 0 } && url is { Length: > 0 } ? null : Stored(profile, warn);
        if (key is { Length: > 0 })
        {
            return Checked(url is { Length: > 0 } ? url : stored?.Url ?? throw new CliException(
                $"{KeyVariable} is set, and {UrlVariable} is not.", $"set {UrlVariable} too, or run: kobbo login",
                ExitCodes.NoAccess), key);
        }

        if (stored is null)
        {
            throw new CliException(
                $"Nobody is logged in (profile {profile}).",
                $"kobbo login{(profile == Kobbo.DefaultProfile ? "" : $" --profile {profile}")}; or set "
                + $"{UrlVariable} and {KeyVariable}.",
                ExitCodes.NoAccess);
        }

        // A variable alone must not lead a stored key elsewhere.
        if (url is { Length: > 0 } && !SameAddress(url, stored.Url))
        {
            throw new CliException(
                $"{UrlVariable} names another address than the profile {profile}, whose key is not sent there.",
                $"set {KeyVariable} too, or unset {UrlVariable}.", ExitCodes.NoAccess);
        }

        return Checked(stored.Url, stored.ApiKey);
    }

    public void Save(string profile, Credentials credentials, Action<string> warn)
    {
        var file = Read(warn);
        file.Profiles[profile] = new StoredProfile(credentials.Url.ToString(), credentials.ApiKey);
        Write(file);
    }

    /// <returns>Whether there was one.</returns>
    public bool Remove(string profile, Action<string> warn)
    {
        var file = Read(warn);
        if (!file.Profiles.Remove(profile))
            return false;
        Write(file);
        return true;
    }

    /// <exception cref="CliException">It is no address, or one where a live key would be read on the way.</exception>
    public static Credentials Checked(string url, string key)
    {
        if (!Uri.TryCreate(url.Trim(), UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http")
            || address.UserInfo.Length > 0)
        {
            throw new CliException(
                $"{Redaction.Printable(url)} is no address of Kobbopay.", "give it as https://host, without /v1.",
                ExitCodes.Usage);
        }

        var credentials = new Credentials(address, key.Trim());
        if (!IsKey(credentials.ApiKey))
        {
            throw new CliException(
                "This is no API key: one is kp_test_ or kp_live_ and letters and digits.",
                "take the key as it was shown when it was made; a lost one is replaced by rolling it.",
                ExitCodes.NoAccess);
        }

        return credentials.IsLive && address is { Scheme: "http", IsLoopback: false }
            ? throw new CliException(
                "A live key is not sent over http.", "use the https address.", ExitCodes.Usage)
            : credentials;
    }

    private StoredProfile? Stored(string profile, Action<string> warn) =>
        Read(warn).Profiles.GetValueOrDefault(profile);

    private ProfileFile Read(Action<string> warn)
    {
        if (PrivateFiles.Read(File, warn) is not { } text)
            return new ProfileFile();
        try
        {
            return JsonSerializer.Deserialize(text, ProfileJson.Default.ProfileFile) ?? new ProfileFile();
        }
        catch (JsonException)
        {
            throw new CliException($"{File} can't be read.", $"remove it, and run: kobbo login", ExitCodes.NoAccess);
        }
    }

    private void Write(ProfileFile file) =>
        PrivateFiles.Write(File, JsonSerializer.Serialize(file, ProfileJson.Default.ProfileFile) + "\n");

    private static bool IsKey(string key) =>
        (key.StartsWith(Credentials.LivePrefix, StringComparison.Ordinal)
            || key.StartsWith(Credentials.TestPrefix, StringComparison.Ordinal))
        && key.All(one => char.IsAsciiLetterOrDigit(one) || one == '_');

    private static bool SameAddress(string one, string other) =>
        Uri.TryCreate(one, UriKind.Absolute, out var first) && Uri.TryCreate(other, UriKind.Absolute, out var second)
        && first == second;
}
