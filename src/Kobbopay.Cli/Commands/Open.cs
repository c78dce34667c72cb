using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Kobbopay.Cli.Running;
using Spectre.Console;

namespace Kobbopay.Cli.Commands;

/// <summary>Opens the payer's page of a payment, or the documentation; prints the address in any case.</summary>
internal static class Open
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Payment();
        id.Arity = ArgumentArity.ZeroOrOne;
        var command = new Command("open", "Open a payment's page in the browser, or the documentation") { id };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var url = parsed.GetValue(id) is { } payment
                ? new Uri((await context.Client.Payments.GetAsync(payment, cancellation)).PublicStatusUrl)
                : new Uri(context.Credentials.Url, "/docs");
            var isOpened = TryOpen(context.Terminal, url);
            context.Answer(
                new OpenDocument(url.ToString(), isOpened), DocumentJson.Default.OpenDocument,
                () => new Text(url.ToString()));
            return ExitCodes.Done;
        });
    }

    /// <summary>Without a screen there is no browser that anybody sees.</summary>
    private static bool TryOpen(Terminal terminal, Uri url)
    {
        if (url.Scheme is not ("http" or "https"))
            return false;
        var hasScreen = !OperatingSystem.IsLinux()
            || terminal.Variable("DISPLAY") is { Length: > 0 }
            || terminal.Variable("WAYLAND_DISPLAY") is { Length: > 0 };
        if (!hasScreen)
            return false;
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo(url.ToString()) { UseShellExecute = true }
            : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [url.ToString()])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
        // What a browser inherits, its pages' helpers may read.
        if (!OperatingSystem.IsWindows())
        {
            start.Environment.Remove(Profiles.ProfileStore.KeyVariable);
            start.Environment.Remove(Listening.WebhookSecrets.Variable);
        }

        try
        {
            using var browser = Process.Start(start);
            return browser is not null;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
