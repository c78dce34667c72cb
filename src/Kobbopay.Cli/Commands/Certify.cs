using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Runs the checks that a receiver has to pass before live keys.</summary>
internal static class Certify
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Endpoint();
        id.Arity = ArgumentArity.ZeroOrOne;
        var command = new Command("certify", "Certify an endpoint's receiver (the only one, unless its id is given)")
        {
            id,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            context.RequireTest();
            Certification report = await context.WorkAsync(
                "Trying the receiver with right and wrong webhooks; this takes up to a minute",
                async () => await context.Client.Certification.RunAsync(
                    parsed.GetValue(id), cancellationToken: cancellation));
            context.Answer(() =>
            {
                var table = Sheet.Of("CHECK", "RESULT", "EXPECTED", "OBSERVED", "LATENCY", "ADVICE");
                foreach (var one in report.Checks)
                {
                    table.With(
                        one.Title, one.Status, one.Expected, one.Observed,
                        one.LatencyMs is { } ms ? $"{ms} ms" : null, one.Advice);
                }

                return table;
            });
            if (report.Status == "passed")
            {
                context.Say($"{report.Url} is certified ({report.Id}).");
                return ExitCodes.Done;
            }

            var failed = report.Checks.Where(one => one.Status == "failed").Select(one => one.Name);
            throw new CliException(
                $"{report.Url} is not certified ({report.Id}, {report.Status}): {string.Join(", ", failed)}.",
                "follow the advice of the failed checks above, and run: kobbo certify " + report.Endpoint);
        });
    }
}
