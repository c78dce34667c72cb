using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Lists deliveries, a page at a time.</summary>
internal static class DeliveriesList
{
    private static readonly string[] Statuses =
    [
        WebhookDeliveryStatuses.Pending, WebhookDeliveryStatuses.Succeeded, WebhookDeliveryStatuses.Exhausted,
        WebhookDeliveryStatuses.Skipped,
    ];

    public static Command Of(Kobbo kobbo)
    {
        var status = new Option<string>("--status") { Description = "Only with this status" };
        status.CompletionSources.Add(Statuses);
        var one = new Option<string>("--event") { Description = "Only of this event, evt_..." };
        var endpoint = new Option<string>("--endpoint") { Description = "Only to this endpoint, whe_..." };
        var payment = new Option<string>("--payment") { Description = "Only about this payment, pay_..." };
        var (limit, after) = (Inputs.Limit(), Inputs.After());
        var command = new Command("list", "List deliveries, newest first")
        {
            status, one, endpoint, payment, limit, after,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var filter = new WebhookDeliveryFilter
            {
                Status = parsed.GetValue(status),
                EventId = parsed.GetValue(one),
                EndpointId = parsed.GetValue(endpoint),
                PaymentId = parsed.GetValue(payment),
            };
            var page = await context.Client.WebhookDeliveries.ListPageAsync(
                filter,
                new PageRequest { Limit = parsed.GetValue(limit), After = parsed.GetValue(after) },
                cancellation);
            context.AnswerPage(page, DeliveryView.Of);
            return ExitCodes.Done;
        });
    }
}
