using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Lists payments, a page at a time.</summary>
internal static class PaymentsList
{
    private static readonly string[] Statuses =
    [
        PaymentStatuses.Pending, PaymentStatuses.Paid, PaymentStatuses.Confirmed, PaymentStatuses.Expired,
        PaymentStatuses.Canceled,
    ];

    public static Command Of(Kobbo kobbo)
    {
        var status = new Option<string>("--status") { Description = "Only with this status" };
        status.CompletionSources.Add(Statuses);
        var order = new Option<string>("--order-id") { Description = "Only of this order" };
        var outcome = new Option<string>("--outcome") { Description = "Only with this outcome" };
        var network = new Option<string>("--network") { Description = "Only on this network" };
        var currency = new Option<string>("--currency") { Description = "Only in this currency" };
        var from = new Option<DateTimeOffset?>("--created-from") { Description = "Created then or later" };
        var to = new Option<DateTimeOffset?>("--created-to") { Description = "Created before then" };
        var metadata = PaymentsCreate.MetadataOption("Only with this pair; may stand several times");
        var (limit, after) = (Inputs.Limit(), Inputs.After());
        var command = new Command("list", "List payments, newest first")
        {
            status, order, outcome, network, currency, from, to, metadata, limit, after,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var filter = new PaymentFilter
            {
                OrderId = parsed.GetValue(order),
                Status = parsed.GetValue(status),
                Outcome = parsed.GetValue(outcome),
                Network = parsed.GetValue(network),
                Currency = parsed.GetValue(currency),
                CreatedFrom = parsed.GetValue(from),
                CreatedTo = parsed.GetValue(to),
                Metadata = PaymentsCreate.MetadataOf(parsed.GetValue(metadata)),
            };
            var page = await context.Client.Payments.ListPageAsync(
                filter,
                new PageRequest { Limit = parsed.GetValue(limit), After = parsed.GetValue(after) },
                cancellation);
            context.AnswerPage(page, PaymentView.Of);
            return ExitCodes.Done;
        });
    }
}
