using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kobbopay.Cli.Profiles;
using Kobbopay.Cli.Running;
using Kobbopay.Client;

namespace Kobbopay.Cli.Listening;

/// <summary>
/// What <c>listen</c> keeps for a profile and the account of its key: the place in the feed, a webhook secret of its
/// own, and a folder into which <c>events resend</c> lays what is to be sent once more.
/// </summary>
internal sealed class ListenState
{
    private readonly string _folder;
    private readonly Action<string> _warn;

    private ListenState(string folder, Action<string> warn) => (_folder, _warn) = (folder, warn);

    public FileEventCursor Cursor => new(CursorFile);

    public string SecretFile => Path.Combine(_folder, "webhook-secret");

    private string CursorFile => Path.Combine(_folder, "cursor");

    private string Spool => Path.Combine(_folder, "resend");

    /// <summary>A place in a feed belongs to the account: another key of it goes on there.</summary>
    public static async Task<ListenState> OfAsync(Context context, CancellationToken cancellation)
    {
        string name;
        try
        {
            var account = await context.Client.Account.GetAsync(cancellation);
            name = $"{account.Id}-{account.Environment}";
        }
        catch (KobbopayProblemException problem) when (problem.Code == KobbopayProblemCodes.InsufficientScope)
        {
            // A key that reads events alone: the place is that key's.
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(context.Credentials.ApiKey));
            name = $"key-{Convert.ToHexStringLower(hash)[..16]}";
        }

        var folder = Path.Combine(context.Profiles.Folder, "listen", context.Profile, name);
        PrivateFiles.MakeFolder(folder);
        PrivateFiles.MakeFolder(Path.Combine(folder, "resend"));
        return new ListenState(folder, context.Warn);
    }

    /// <summary>The secret of its own, made the first time.</summary>
    public string Secret()
    {
        if (PrivateFiles.Read(SecretFile, _warn)?.Trim() is { } stored && WebhookSecret.IsWellFormed(stored))
            return stored;
        var made = WebhookSecret.Create();
        PrivateFiles.Write(SecretFile, made + "\n");
        return made;
    }

    public void ForgetCursor() => File.Delete(CursorFile);

    /// <summary>Null when another process has it.</summary>
    public FileStream? TryLock()
    {
        try
        {
            return new FileStream(
                Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public bool IsRunning()
    {
        using var mine = TryLock();
        return mine is null;
    }

    public void Lay(string eventId, DateTimeOffset now)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{now.ToUnixTimeMilliseconds():D15}.{eventId}");
        PrivateFiles.Write(Path.Combine(Spool, name), string.Empty);
    }

    /// <summary>Oldest first; each is removed once it is done.</summary>
    public IReadOnlyList<(string File, string EventId)> Laid() =>
    [
        .. Directory.EnumerateFiles(Spool).Order(StringComparer.Ordinal)
            .Where(file => !file.EndsWith(".next", StringComparison.Ordinal))
            .Select(file => (file, Path.GetExtension(file).TrimStart('.'))),
    ];
}
