using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Sends a delivery again.</summary>
internal static class DeliveriesRedeliver
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Delivery();
        var command = new Command("redeliver", "Send a delivery again, however it ended") { id };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var deliveryId = parsed.GetRequiredValue(id);
            var again = await context.Client.WebhookDeliveries.RedeliverAsync(
                deliveryId, cancellationToken: cancellation);
            context.Answer(() => DeliveryView.Of(again.Value));
            context.Say($"Next: kobbo deliveries get {again.Value.Id}");
            return ExitCodes.Done;
        });
    }
}
