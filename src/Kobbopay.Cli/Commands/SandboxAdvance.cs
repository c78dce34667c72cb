using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Moves the sandbox's clock on.</summary>
internal static class SandboxAdvance
{
    public static Command Of(Kobbo kobbo)
    {
        var seconds = new Argument<int>("SECONDS") { Description = "How far: up to 60 days" };
        var command = new Command("advance", "Move the sandbox's clock on: expiry, late windows, retries") { seconds };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            context.RequireTest();
            var clock = await context.Client.Sandbox.AdvanceClockAsync(
                parsed.GetValue(seconds), cancellationToken: cancellation);
            context.Answer(() => Sheet.Facts(
                ("time", Sheet.Time(clock.Value.Time)), ("ahead", $"{clock.Value.OffsetSeconds} s")));
            return ExitCodes.Done;
        });
    }
}
