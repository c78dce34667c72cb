using System.CommandLine;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Arguments and options that several commands take.</summary>
internal static class Inputs
{
    private const int LargestPage = 100;

    /// <summary>An id of its kind, so that a mistaken one is told before anything is sent.</summary>
    public static Argument<string> Id(string name, string prefix, string description)
    {
        var argument = new Argument<string>(name) { Description = $"{description}, {prefix}..." };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var id }] && !IsId(id, prefix))
                result.AddError($"{id} is no {description.ToLowerInvariant()}: one begins with {prefix}.");
        });
        return argument;
    }

    public static Argument<string> Payment() => Id("PAYMENT_ID", "pay_", "Payment id");

    public static Argument<string> Endpoint() => Id("ENDPOINT_ID", "whe_", "Webhook endpoint id");

    public static Argument<string> Delivery() => Id("DELIVERY_ID", "dlv_", "Delivery id");

    public static Option<Amount?> Amount(string description)
    {
        var option = new Option<Amount?>("--amount")
        {
            Description = description,
            HelpName = "10.5",
            CustomParser = result =>
            {
                if (Client.Amount.TryParse(result.Tokens[0].Value, out var amount))
                    return amount;
                result.AddError("--amount takes a plain decimal number, such as 10.5.");
                return null;
            },
        };
        return option;
    }

    public static Option<int> Limit()
    {
        var option = new Option<int>("--limit") { Description = "How many, 1 to 100", DefaultValueFactory = _ => 20 };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > LargestPage)
                result.AddError("--limit takes 1 to 100.");
        });
        return option;
    }

    public static Option<string> After() => new("--after") { Description = "Go on behind this cursor" };

    public static Option<string> IdempotencyKey() => new("--idempotency-key")
    {
        Description = "A key of your own: the same command again does nothing twice",
    };

    private static bool IsId(string id, string prefix) =>
        id.StartsWith(prefix, StringComparison.Ordinal) && id.All(one => char.IsAsciiLetterOrDigit(one) || one == '_');
}
