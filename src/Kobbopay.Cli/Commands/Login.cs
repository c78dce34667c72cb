using System.CommandLine;
using Kobbopay.Cli.Profiles;
using Kobbopay.Cli.Running;
using Kobbopay.Client;
using Spectre.Console;

namespace Kobbopay.Cli.Commands;

/// <summary>Asks for the address and the key, tries them, and keeps them.</summary>
internal static class Login
{
    private const int LongestKey = 1000;

    public static Command Of(Kobbo kobbo)
    {
        var url = new Option<string>("--url") { Description = "Where Kobbopay is; asked for unless given" };
        var fromInput = new Option<bool>("--key-stdin")
        {
            Description = "Read the key from standard input; there is no way to give it as an argument",
        };
        return kobbo.Handle(
            new Command("login", "Try an API key and keep it, in a file that you alone may read") { url, fromInput },
            async (context, parsed, cancellation) =>
            {
                var address = parsed.GetValue(url) ?? context.Terminal.Variable(ProfileStore.UrlVariable)
                    ?? Ask(context, parsed.GetValue(fromInput));
                var key = await KeyAsync(context, parsed.GetValue(fromInput), cancellation);
                context.Credentials = ProfileStore.Checked(address, key);
                var merchant = await TryAsync(context, cancellation);
                context.Profiles.Save(context.Profile, context.Credentials, context.Warn);
                Tell(context, merchant);
                return ExitCodes.Done;
            });
    }

    private static string Ask(Context context, bool fromInput) => MayAsk(context) && !fromInput
        // stdout is for the result.
        ? context.Terminal.ErrorConsole().Prompt(new TextPrompt<string>("Where is Kobbopay (https://host)?"))
        : throw new CliException(
            "It is not known where Kobbopay is.", $"add --url https://host, or set {ProfileStore.UrlVariable}.",
            ExitCodes.Usage);

    private static async Task<string> KeyAsync(Context context, bool fromInput, CancellationToken cancellation)
    {
        if (fromInput)
            return await ReadAsync(context, cancellation);
        if (context.Terminal.Variable(ProfileStore.KeyVariable) is { Length: > 0 } given)
            return given;
        if (MayAsk(context))
        {
            var prompt = new TextPrompt<string>("API key (it is not shown):").Secret(mask: null);
            return await context.Terminal.ErrorConsole().PromptAsync(prompt, cancellation);
        }

        throw new CliException(
            "There is no terminal to ask for the key.",
            $"pipe it in (kobbo login --key-stdin < FILE), or set {ProfileStore.KeyVariable}.", ExitCodes.Usage);
    }

    private static bool MayAsk(Context context) =>
        !context.Terminal.InputIsRedirected && !context.Terminal.ErrorIsRedirected;

    private static async Task<string> ReadAsync(Context context, CancellationToken cancellation)
    {
        using var reader = new StreamReader(context.Terminal.Input, leaveOpen: true);
        var line = await reader.ReadLineAsync(cancellation) ?? string.Empty;
        return line.Length <= LongestKey ? line : string.Empty;
    }

    /// <summary>Null when the key may not read the account, which makes it no worse.</summary>
    private static async Task<Account?> TryAsync(Context context, CancellationToken cancellation)
    {
        try
        {
            return await context.WorkAsync(
                $"Trying the key at {context.Credentials.Url}", () => context.Client.Account.GetAsync(cancellation));
        }
        catch (KobbopayProblemException problem) when (problem.Code == KobbopayProblemCodes.InsufficientScope)
        {
            return null;
        }
    }

    private static void Tell(Context context, Account? merchant)
    {
        var (credentials, file) = (context.Credentials, context.Profiles.File);
        var document = new LoginDocument(
            context.Profile, credentials.Url.ToString(), credentials.IsLive ? "live" : "test", merchant?.Id, file);
        context.Answer(document, DocumentJson.Default.LoginDocument, () => new Text(
            $"Logged in to {credentials.Url} as {Redaction.Printable(merchant?.Settings.DisplayName ?? "a merchant")} "
            + $"({credentials.Environment}), profile {context.Profile}, kept in {file}."));
        if (credentials.IsLive)
            context.Say($"This is a LIVE key: payments are real.");
        context.Say($"Next: kobbo {(credentials.IsLive ? "payments list" : "scenario paid")}");
    }
}
