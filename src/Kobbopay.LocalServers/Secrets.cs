using System.Security.Cryptography;

namespace Kobbopay.LocalServers;

/// <summary>A password in a file that only the server's user can read, made at the first start.</summary>
internal static class Secrets
{
    private const int Length = 40;

    public static async Task<string> KeepAsync(string file, string? user, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
            await StateFolder.WriteOwnAsync(file, Create(), user, cancellationToken);
        return await File.ReadAllTextAsync(file, cancellationToken);
    }

    private static string Create() => RandomNumberGenerator.GetString(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", Length);
}
