using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Creates a payment.</summary>
internal static class PaymentsCreate
{
    public static Command Of(Kobbo kobbo)
    {
        var amount = Inputs.Amount("What to ask for, exactly");
        amount.Required = true;
        var currency = new Option<string>("--currency") { Description = "Such as USDT", Required = true };
        var network = new Option<string>("--network") { Description = "Such as example-network", Required = true };
        var order = new Option<string>("--order-id") { Description = "Your own order id", Required = true };
        var description = new Option<string>("--description") { Description = "Your own words" };
        var metadata = MetadataOption("A pair of your own; may stand several times");
        var expires = new Option<int?>("--expires-in") { Description = "Seconds that it is open: 300 to 604800" };
        var back = new Option<string>("--return-url") { Description = "Where the payer's page leads back to" };
        var webhook = new Option<string>("--webhook-url") { Description = "Where its webhooks go instead" };
        var scenario = new Option<string>("--scenario") { Description = "Test only: a script (kobbo scenario)" };
        var idempotency = Inputs.IdempotencyKey();
        var command = new Command("create", "Create a payment, or find the open one of the order")
        {
            amount, currency, network, order, description, metadata, expires, back, webhook, scenario, idempotency,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var request = new CreatePaymentRequest
            {
                Amount = parsed.GetValue(amount)!.Value,
                Currency = parsed.GetRequiredValue(currency),
                Network = parsed.GetRequiredValue(network),
                OrderId = parsed.GetRequiredValue(order),
                Description = parsed.GetValue(description),
                Metadata = MetadataOf(parsed.GetValue(metadata)),
                ExpiresIn = parsed.GetValue(expires),
                ReturnUrl = parsed.GetValue(back),
                WebhookUrl = parsed.GetValue(webhook),
                Scenario = parsed.GetValue(scenario),
            };
            var result = await context.Client.Payments.CreateAsync(
                request, parsed.GetValue(idempotency), cancellation);
            context.Answer(() => PaymentView.Of(result.Value));
            if (result.OrderReplayed || result.IdempotencyReplayed)
                context.Say($"It was there already: nothing was created now.");
            context.Say($"Next: kobbo payments watch {result.Value.PaymentId}");
            return ExitCodes.Done;
        });
    }

    /// <summary>Pairs as <c>name=value</c>.</summary>
    public static Option<string[]> MetadataOption(string description)
    {
        var option = new Option<string[]>("--metadata") { Description = description, HelpName = "name=value" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(one => one.Value.IndexOf('=', StringComparison.Ordinal) < 1))
                result.AddError("--metadata takes name=value.");
        });
        return option;
    }

    public static IReadOnlyDictionary<string, string>? MetadataOf(string[]? pairs) => pairs is not { Length: > 0 }
        ? null
        : pairs.Select(pair => pair.Split('=', 2))
            .GroupBy(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
}
