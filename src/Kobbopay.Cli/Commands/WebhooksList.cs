using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Lists the endpoints.</summary>
internal static class WebhooksList
{
    public static Command Of(Kobbo kobbo)
    {
        var (limit, after) = (Inputs.Limit(), Inputs.After());
        var command = new Command("list", "List the webhook endpoints") { limit, after };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var page = await context.Client.WebhookEndpoints.ListPageAsync(
                new PageRequest { Limit = parsed.GetValue(limit), After = parsed.GetValue(after) }, cancellation);
            context.AnswerPage(page, endpoints =>
            {
                var table = Sheet.Of("ENDPOINT", "STATUS", "URL", "EVENTS", "DESCRIPTION");
                foreach (var one in endpoints)
                {
                    table.With(
                        one.Id, one.Status + (one.DisabledReason is { } why ? $" ({why})" : ""), one.Url,
                        string.Join(' ', one.Events), one.Description);
                }

                return table;
            });
            return ExitCodes.Done;
        });
    }
}
