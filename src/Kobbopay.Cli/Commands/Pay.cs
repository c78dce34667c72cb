using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Plays the payer on the simulated chain.</summary>
internal static class Pay
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Payment();
        var amount = Inputs.Amount("What to send; what is still missing unless given");
        var command = new Command("pay", "Play the payer of a test payment") { id, amount };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            context.RequireTest();
            var paid = await context.Client.Sandbox.PayAsync(
                parsed.GetRequiredValue(id), new SandboxPayRequest { Amount = parsed.GetValue(amount) },
                cancellationToken: cancellation);
            context.Answer(() => Sheet.Facts(
                ("payment", paid.Value.PaymentId),
                ("sent", $"{paid.Value.Amount} {paid.Value.Currency} on {paid.Value.Network}"),
                ("transaction", paid.Value.TxHash),
                ("block", paid.Value.Block is { } block ? $"{block.Number}" : null)));
            context.Say($"Next: kobbo sandbox mine {paid.Value.Network} --blocks 2, which confirms it");
            return ExitCodes.Done;
        });
    }
}
