using System.Collections.Frozen;
using System.Numerics;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Sandbox;

/// <summary>One step of a script. False: not yet, ask again.</summary>
internal delegate Task<bool> ScenarioStep(ScenarioStage stage, CancellationToken cancellation);

/// <summary>
/// The scripts that <c>scenario</c> names at a payment's creation. Each does what anybody can do over
/// <c>/v1/sandbox</c>; docs/sandbox.md tells what is to be seen of each.
/// </summary>
public static class Scenarios
{
    /// <summary>How long the provider is away in <c>provider_down</c>.</summary>
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(10);

    private static readonly ScenarioStep Paid = Until(payment =>
        payment.State.Status is PaymentStatus.Paid or PaymentStatus.Confirmed);

    private static readonly ScenarioStep Confirmed = Until(payment =>
        payment.State.Status == PaymentStatus.Confirmed);

    private static readonly ScenarioStep Expired = Until(payment => payment.State.Status == PaymentStatus.Expired);

    private static readonly ScenarioStep Received = Until(payment => !payment.State.Received.IsZero);

    private static readonly ScenarioStep Delayed = Until(payment => payment.Delayed);

    private static readonly ScenarioStep Confirm = Do((stage, cancellation) =>
        stage.MineAsync(stage.Payment.State.Terms.RequiredConfirmations - 1, cancellation));

    private static readonly ScenarioStep MineOne = Do((stage, cancellation) => stage.MineAsync(1, cancellation));

    private static readonly ScenarioStep PassWindow = Do((stage, cancellation) => stage.PassWindowAsync(cancellation));

    private static readonly ScenarioStep Move = Do(
        (stage, cancellation) => stage.ReorgAsync(drop: false, cancellation));

    private static readonly ScenarioStep Drop = Do(
        (stage, cancellation) => stage.ReorgAsync(drop: true, cancellation));

    private static readonly ScenarioStep BreakProvider = Do(
        (stage, cancellation) => stage.SetProviderAsync(ProviderMode.Fail, cancellation));

    private static readonly ScenarioStep MendProvider = Do(
        (stage, cancellation) => stage.SetProviderAsync(ProviderMode.Ok, cancellation));

    private static readonly ScenarioStep Linger = (stage, _) => Task.FromResult(stage.InStepFor >= Outage);

    internal static readonly FrozenDictionary<string, ScenarioStep[]> Scripts =
        new Dictionary<string, ScenarioStep[]>(StringComparer.Ordinal)
        {
            ["paid"] = [Pay(All), Paid, Confirm],
            ["underpaid"] = [Pay(Half), Received, Confirm],
            ["underpaid_then_topup"] = [Pay(Half), Received, Pay(Rest), Paid, Confirm],
            ["overpaid"] = [Pay(TenPercentMore), Paid, Confirm],
            ["late"] = [PassWindow, Expired, Pay(All), Received, Confirm],
            ["reorg_after_paid"] = [Pay(All), Paid, Drop],
            ["moved_by_reorg"] = [Pay(All), MineOne, Paid, Move, Confirm],
            ["two_transfers_one_tx"] = [Pay(Half, Rest), Paid, Confirm],
            ["deep_reorg_after_confirmed"] = [Pay(All), Paid, Confirm, Confirmed, Drop],
            ["never_paid"] = [PassWindow],
            ["provider_down"] = [BreakProvider, Delayed, Pay(All), Linger, MendProvider, Paid, Confirm],
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly string Names = string.Join(", ", Scripts.Keys.Order(StringComparer.Ordinal));

    /// <exception cref="ProblemException"><c>wrong_environment</c>: scripts play with test money only.</exception>
    internal static void RequireTest(string? scenario, string environment)
    {
        if (scenario is null || environment == MerchantEnvironments.Test)
            return;

        const string Message = "A scenario needs a test key (kp_test_...).";
        throw new ProblemException(
            ProblemCodes.WrongEnvironment,
            $"/scenario: {Message}",
            [new InvalidField("/scenario", ProblemCodes.WrongEnvironment, Message)]);
    }

    /// <exception cref="ProblemException"><c>invalid_request</c>: no such script, or none for this payment.</exception>
    internal static void Validate(string? scenario, IRail rail, BigInteger amount)
    {
        if (scenario is null)
            return;
        if (!Scripts.ContainsKey(scenario))
            throw SandboxRoutes.Invalid("/scenario", "unknown_value", $"One of {Names}.");
        if (rail.Network != SimulatorRail.Name)
            throw SandboxRoutes.Invalid("/scenario", "conflict", $"Scenarios play on {SimulatorRail.Name} only.");
        if (amount.IsOne)
            throw SandboxRoutes.Invalid("/amount", "out_of_range", "A scenario needs an amount that can be halved.");
    }

    private static BigInteger All(BigInteger amount) => amount;

    private static BigInteger Half(BigInteger amount) => amount / 2;

    private static BigInteger Rest(BigInteger amount) => amount - Half(amount);

    private static BigInteger TenPercentMore(BigInteger amount) => amount + BigInteger.Max(BigInteger.One, amount / 10);

    /// <summary>Several shares of the amount are several transfers in one transaction.</summary>
    private static ScenarioStep Pay(params Func<BigInteger, BigInteger>[] shares) => Do((stage, cancellation) =>
        stage.PayAsync([.. shares.Select(share => share(stage.Payment.State.Terms.Amount))], cancellation));

    private static ScenarioStep Until(Func<PaymentRecord, bool> condition) =>
        (stage, _) => Task.FromResult(condition(stage.Payment));

    private static ScenarioStep Do(Func<ScenarioStage, CancellationToken, Task> run) => async (stage, cancellation) =>
    {
        await run(stage, cancellation);
        return true;
    };
}
