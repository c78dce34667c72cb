using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Lists what payments can be made for.</summary>
internal static class RailsList
{
    public static Command Of(Kobbo kobbo) => kobbo.Handle(
        new Command("rails", "List the networks and currencies, with their limits"),
        async (context, _, cancellation) =>
        {
            var rails = await context.Client.Rails.ListAsync(cancellation);
            context.Answer(() =>
            {
                var table = Sheet.Of(
                    "NETWORK", "CURRENCY", "DECIMALS", "MINIMUM", "MAXIMUM", "CONFIRMATIONS", "STATUS");
                foreach (var one in rails)
                {
                    table.With(
                        one.Network, one.Currency, $"{one.Decimals}", $"{one.Minimum}", $"{one.Maximum}",
                        $"{one.RequiredConfirmations}", one.Status);
                }

                return table;
            });
            return ExitCodes.Done;
        });
}
