using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;

namespace Kobbopay.Cli.Commands;

/// <summary>Shows a part of the feed.</summary>
internal static class EventsList
{
    public static Command Of(Kobbo kobbo)
    {
        var after = new Option<long?>("--after") { Description = "The last sequence that is known" };
        var type = new Option<string>("--type") { Description = "Only of this type, such as payment.*" };
        var limit = Inputs.Limit();
        var command = new Command("list", "List events, oldest first") { after, type, limit };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var page = await context.Client.Events.ReadAsync(
                parsed.GetValue(after), parsed.GetValue(type), parsed.GetValue(limit), cancellationToken: cancellation);
            context.Answer(() =>
            {
                var table = Sheet.Of("SEQUENCE", "EVENT", "TYPE", "PAYMENT", "ORDER", "CREATED");
                foreach (var one in page.Data)
                {
                    table.With(
                        $"{one.Sequence}", one.Id, one.Type, one.PaymentId, one.OrderId, Sheet.Time(one.CreatedAt));
                }

                return table;
            });
            if (page is { HasMore: true, Data: [.., { } last] })
                context.Say($"There are more: --after {last.Sequence}");
            return ExitCodes.Done;
        });
    }
}
