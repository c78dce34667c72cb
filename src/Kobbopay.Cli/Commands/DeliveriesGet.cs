using System.CommandLine;
using System.Text;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;
using Spectre.Console;

namespace Kobbopay.Cli.Commands;

/// <summary>Shows a delivery with its newest attempts.</summary>
internal static class DeliveriesGet
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Delivery();
        var command = new Command("get", "Show a delivery and its newest attempts") { id };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var deliveryId = parsed.GetRequiredValue(id);
            var delivery = await context.Client.WebhookDeliveries.GetAsync(deliveryId, cancellation);
            var json = Encoding.UTF8.GetString(context.AnswerBytes);
            var attempts = await context.Client.WebhookDeliveries.ListAttemptsPageAsync(
                deliveryId, new PageRequest { Limit = 20 }, cancellation);
            if (context.IsJson)
            {
                context.Line($$"""{"delivery":{{json}},"attempts":{{Encoding.UTF8.GetString(context.AnswerBytes)}}}""");
                return ExitCodes.Done;
            }

            context.Show(DeliveryView.Of(delivery));
            context.Show(attempts.Data.Count > 0 ? DeliveryView.Of(attempts.Data) : new Text("No attempt yet."));
            if (delivery.Status is WebhookDeliveryStatuses.Exhausted or WebhookDeliveryStatuses.Skipped)
                context.Say($"Next, once the receiver is repaired: kobbo deliveries redeliver {deliveryId}");
            return ExitCodes.Done;
        });
    }
}
