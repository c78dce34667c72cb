using System.CommandLine;
using Kobbopay.Cli.Running;

namespace Kobbopay.Cli.Commands;

/// <summary>Follows a payment until it is final.</summary>
internal static class PaymentsWatch
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Payment();
        var command = new Command("watch", "Follow a payment until it is Confirmed, Expired or Canceled") { id };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            await Watcher.FollowAsync(context, parsed.GetRequiredValue(id), Watcher.IsFinal, cancellation);
            return ExitCodes.Done;
        });
    }
}
