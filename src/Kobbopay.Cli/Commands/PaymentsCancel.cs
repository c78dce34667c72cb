using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Cancels a payment that has received nothing.</summary>
internal static class PaymentsCancel
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Payment();
        return kobbo.Handle(new Command("cancel", "Cancel a payment") { id }, async (context, parsed, cancellation) =>
        {
            var result = await context.Client.Payments.CancelAsync(
                parsed.GetRequiredValue(id), cancellationToken: cancellation);
            context.Answer(() => PaymentView.Of(result.Value));
            return ExitCodes.Done;
        });
    }
}
