using System.CommandLine;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Creates a test payment that plays a script, and follows it to the script's end.</summary>
internal static class Scenario
{
    private static readonly IReadOnlyList<Script> Scripts =
    [
        new(SandboxScenarios.Paid, "the amount is sent and confirmed", IsConfirmed),
        new(SandboxScenarios.Underpaid, "half of it is sent",
            one => IsConfirmed(one) || one.Outcome == PaymentOutcomes.Partial),
        new(SandboxScenarios.UnderpaidThenTopup, "half of it, then the rest", IsConfirmed),
        new(SandboxScenarios.Overpaid, "a tenth more is sent", IsConfirmed),
        new(SandboxScenarios.Late, "the clock passes the window, then the amount is sent", IsConfirmed),
        new(SandboxScenarios.ReorgAfterPaid, "a reorganisation drops the transaction",
            one => one is { Status: PaymentStatuses.Pending, Version: >= AfterReverted }),
        new(SandboxScenarios.MovedByReorg, "a reorganisation puts the transaction into another block", IsConfirmed),
        new(SandboxScenarios.TwoTransfersOneTx, "one transaction with two transfers", IsConfirmed),
        new(SandboxScenarios.DeepReorgAfterConfirmed, "a reorganisation drops what was final",
            one => IsConfirmed(one) && one.Fulfilment.Decision == FulfilmentDecisions.Stop),
        new(SandboxScenarios.NeverPaid, "the clock passes the window", Watcher.IsFinal),
        new(SandboxScenarios.ProviderDown, "the network can't be read for ten seconds, and is paid meanwhile",
            IsConfirmed),
    ];

    /// <summary>Created, paid, reverted: each has made a version.</summary>
    private const int AfterReverted = 3;

    public static IEnumerable<string> Names => Scripts.Select(one => one.Name);

    public static Command Of(Kobbo kobbo)
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "Which script; all are listed unless given",
            HelpName = "NAME",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.CompletionSources.Add([.. Names]);
        name.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var given }] && !Names.Contains(given, StringComparer.Ordinal))
                result.AddError($"There is no scenario {given}: there are {string.Join(", ", Names)}.");
        });
        var amount = Inputs.Amount("What to ask for; 10.5 unless given");
        var currency = new Option<string>("--currency") { Description = "USDT unless given" };
        var order = new Option<string>("--order-id") { Description = "Your own order id; made unless given" };
        var command = new Command("scenario", "Create a test payment that plays a script, and follow it")
        {
            name, amount, currency, order,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            if (parsed.GetValue(name) is not { } chosen)
                return List(context);
            context.RequireTest();
            var now = context.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            Payment payment = await context.Client.Payments.CreateAsync(
                new CreatePaymentRequest
                {
                    Amount = parsed.GetValue(amount) ?? 10.5m,
                    Currency = parsed.GetValue(currency) ?? "USDT",
                    Network = "example-network",
                    OrderId = parsed.GetValue(order) ?? FormattableString.Invariant($"{chosen}-{now}"),
                    Scenario = chosen,
                },
                cancellationToken: cancellation);
            var script = Scripts.Single(one => one.Name == chosen);
            context.Say($"{payment.PaymentId}: {script.Happens}. Its page: {payment.PublicStatusUrl}");
            await Watcher.FollowAsync(context, payment.PaymentId, script.IsEnd, cancellation);
            return ExitCodes.Done;
        });
    }

    private static int List(Context context)
    {
        IReadOnlyList<ScenarioDocument> all = [.. Scripts.Select(one => new ScenarioDocument(one.Name, one.Happens))];
        context.Answer(all, DocumentJson.Default.IReadOnlyListScenarioDocument, () =>
        {
            var table = Sheet.Of("SCENARIO", "WHAT HAPPENS");
            foreach (var one in all)
                table.With(one.Name, one.Happens);
            return table;
        });
        context.Say($"Next: kobbo scenario {SandboxScenarios.Paid}");
        return ExitCodes.Done;
    }

    private static bool IsConfirmed(Payment payment) => payment.Status == PaymentStatuses.Confirmed;

    private sealed record Script(string Name, string Happens, Func<Payment, bool> IsEnd);
}
