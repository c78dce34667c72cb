using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Shows a payment.</summary>
internal static class PaymentsGet
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Payment();
        return kobbo.Handle(new Command("get", "Show a payment") { id }, async (context, parsed, cancellation) =>
        {
            var payment = await context.Client.Payments.GetAsync(parsed.GetRequiredValue(id), cancellation);
            context.Answer(() => PaymentView.Of(payment));
            return ExitCodes.Done;
        });
    }
}
