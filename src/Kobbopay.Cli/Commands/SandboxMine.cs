using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Mines blocks of the simulated chain.</summary>
internal static class SandboxMine
{
    private const string Network = "example-network";

    public static Command Of(Kobbo kobbo)
    {
        var network = new Argument<string>("NETWORK")
        {
            Description = "The simulated network",
            DefaultValueFactory = _ => Network,
        };
        var blocks = new Option<int>("--blocks") { Description = "How many", DefaultValueFactory = _ => 1 };
        var command = new Command("mine", "Mine blocks: each confirms what is in the ones before") { network, blocks };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            context.RequireTest();
            var mined = await context.Client.Sandbox.MineAsync(
                parsed.GetValue(network) ?? Network, parsed.GetValue(blocks), cancellationToken: cancellation);
            context.Answer(() => Sheet.Facts(
                ("network", mined.Value.Network), ("mined", $"{mined.Value.Blocks}"),
                ("head", $"{mined.Value.Head.Number}"), ("time", Sheet.Time(mined.Value.Head.Time))));
            return ExitCodes.Done;
        });
    }
}
