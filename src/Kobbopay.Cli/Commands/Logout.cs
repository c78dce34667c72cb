using System.CommandLine;
using Kobbopay.Cli.Running;
using Spectre.Console;

namespace Kobbopay.Cli.Commands;

/// <summary>Forgets a key here; it stays valid.</summary>
internal static class Logout
{
    public static Command Of(Kobbo kobbo) => kobbo.Handle(
        new Command("logout", "Forget the profile's key (it stays valid: revoke it where it was made)"),
        (context, _, _) =>
        {
            if (!context.Profiles.Remove(context.Profile, context.Warn))
            {
                throw new CliException(
                    $"There is no profile {context.Profile}.", "nothing: it is forgotten already.");
            }

            context.Answer(
                new LogoutDocument(context.Profile, context.Profiles.File), DocumentJson.Default.LogoutDocument,
                () => new Text($"The key of the profile {context.Profile} is forgotten here."));
            return Task.FromResult(ExitCodes.Done);
        });
}
