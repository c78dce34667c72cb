using System.CommandLine;
using Kobbopay.Cli.Profiles;
using Kobbopay.Cli.Running;
using Kobbopay.Client;

namespace Kobbopay.Cli.Listening;

/// <summary>Webhook secrets as they are given: in a file or in the environment, never in arguments.</summary>
internal static class WebhookSecrets
{
    public const string Variable = "KOBBOPAY_WEBHOOK_SECRET";

    public static Option<string> FileOption() => new("--secret-file")
    {
        Description = $"A file with the webhook secret (whsec_...), or several, one a line; else {Variable}",
        HelpName = "FILE",
    };

    /// <summary>Empty when none is given.</summary>
    public static IReadOnlyList<string> Read(Context context, string? file)
    {
        if (file is null && context.Terminal.Variable(Variable) is not { Length: > 0 })
            return [];
        if (file is not null && File.Exists(file) && PrivateFiles.IsOpenToOthers(file))
            context.Warn($"others may read {file}: chmod 600 it.");
        var text = file is null ? context.Terminal.Variable(Variable)! : File.ReadAllText(file);
        var secrets = text.Split(['\n', '\r', ' ', ','], StringSplitOptions.RemoveEmptyEntries);
        if (secrets.Length > 0 && secrets.All(WebhookSecret.IsWellFormed))
            return secrets;
        throw new CliException(
            $"{file ?? Variable} holds no webhook secret: one is whsec_ and the base64 of 24 to 64 bytes.",
            "put the secret there as it was shown when the endpoint was made; a lost one is replaced by rotating it.",
            ExitCodes.Usage);
    }

    /// <exception cref="CliException">None is given.</exception>
    public static IReadOnlyList<string> Require(Context context, string? file) =>
        Read(context, file) is { Count: > 0 } secrets ? secrets : throw new CliException(
            "No webhook secret is given.", $"add --secret-file FILE, or set {Variable}.", ExitCodes.Usage);
}
