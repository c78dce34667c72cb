using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Has a test event sent to an endpoint, and tells how its receiver answered.</summary>
internal static class WebhooksTest
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>The server's own patience with a receiver, and some.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Endpoint();
        var command = new Command("test", "Send webhook.test to an endpoint, and see how it answers") { id };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            WebhookDelivery sent = await context.Client.WebhookEndpoints.TestAsync(
                parsed.GetRequiredValue(id), cancellationToken: cancellation);
            var done = await context.WorkAsync(
                $"Waiting for the answer of {sent.Url}", () => WaitAsync(context, sent.Id, cancellation));
            context.Answer(() => DeliveryView.Of(done));
            if (done.Status == WebhookDeliveryStatuses.Succeeded)
                return ExitCodes.Done;
            throw new CliException(
                $"The receiver has not taken it (delivery {done.Status} after {done.AttemptCount} attempt(s)).",
                $"kobbo deliveries get {done.Id} tells what it answered; kobbo webhooks explain helps.");
        });
    }

    private static async Task<WebhookDelivery> WaitAsync(Context context, string id, CancellationToken cancellation)
    {
        var begun = context.Clock.GetTimestamp();
        while (true)
        {
            var now = await context.Client.WebhookDeliveries.GetAsync(id, cancellation);
            // After a failed attempt it is pending with the next one planned.
            var isAnswered = now.Status != WebhookDeliveryStatuses.Pending
                || (now.AttemptCount > 0 && await HasFailedAsync(context, id, cancellation));
            if (isAnswered || context.Clock.GetElapsedTime(begun) > Patience)
                return await context.Client.WebhookDeliveries.GetAsync(id, cancellation);
            await Task.Delay(Look, context.Clock, cancellation);
        }
    }

    private static async Task<bool> HasFailedAsync(Context context, string id, CancellationToken cancellation)
    {
        var page = await context.Client.WebhookDeliveries.ListAttemptsPageAsync(
            id, cancellationToken: cancellation);
        return page.Data.Any(one => one.Outcome == "failed");
    }
}
