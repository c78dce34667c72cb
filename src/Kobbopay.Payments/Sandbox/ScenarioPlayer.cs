using System.Data.Common;
using System.Diagnostics;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Npgsql;

namespace Kobbopay.Payments.Sandbox;

/// <summary>
/// Plays the scripts of <see cref="Scenarios"/>. What a step does to the chain and that it is done are one transaction,
/// so a script goes on where it stood after whatever crash, and no step happens twice. Replicas share the scripts.
/// </summary>
public sealed partial class ScenarioPlayer(
    NpgsqlDataSource database,
    PaymentStore store,
    SimulatorChain chain,
    Signal<ScenarioPlayer> signal,
    Signal<RailScanner> scanner,
    Signal<OutboxRelay> relay,
    TimeProvider clock,
    ILogger<ScenarioPlayer> logger) : BackgroundLoop(clock, logger)
{
    /// <summary>Steps in one turn.</summary>
    private const int StepLimit = 100;

    /// <summary>A step that is not possible yet is tried again after this.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>The time between tries of a step that fails.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);

    /// <summary>A step that is not possible for so long never will be: somebody plays against the script.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly ActivitySource Source = new("Kobbopay.Payments");

    private readonly ILogger _logger = logger;
    private bool _playing;

    protected override TimeSpan Interval => _playing ? Poll : TimeSpan.FromSeconds(1);

    protected override Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(Interval, cancellation);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        await using (var any = database.CreateCommand("select exists (select from sandbox_scenarios)"))
            _playing = (bool)(await any.ExecuteScalarAsync(cancellation))!;

        var steps = 0;
        while (_playing && steps < StepLimit && await PlayNextAsync(cancellation))
            steps++;
        return steps == StepLimit;
    }

    /// <returns>Whether there was a step that was due.</returns>
    private async Task<bool> PlayNextAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await NextAsync(connection, cancellation) is not { } playing)
            return false;

        using var activity = Source.StartActivity("play scenario", ActivityKind.Internal, playing.TraceParent);
        try
        {
            var done = await PlayAsync(connection, playing, cancellation);
            await MoveOnAsync(connection, playing, done, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (Exception failure)
            when (failure is not (OperationCanceledException or DbException { IsTransient: true }))
        {
            LogFailure(_logger, failure, playing.Name, playing.PaymentId, playing.Step);
            await transaction.RollbackAsync(cancellation);
            await PostponeAsync(connection, playing, Clock.Now() + FailurePause, cancellation);
        }

        scanner.Set();
        relay.Set();
        return true;
    }

    private async Task<bool> PlayAsync(NpgsqlConnection connection, Playing playing, CancellationToken cancellation)
    {
        var payment = await store.FindAsync(
            playing.MerchantId, MerchantEnvironments.Test, playing.PaymentId, cancellation)
            ?? throw new InvalidOperationException($"The payment {playing.PaymentId} is gone");
        var stage = new ScenarioStage(payment, Clock.Now() - playing.StepSince, connection, chain, Clock);
        return await Scenarios.Scripts[playing.Name][playing.Step](stage, cancellation);
    }

    private async Task MoveOnAsync(
        NpgsqlConnection connection, Playing playing, bool done, CancellationToken cancellation)
    {
        var now = Clock.Now();
        var last = playing.Step == Scenarios.Scripts[playing.Name].Length - 1;
        if (done ? last : playing.StepSince + Patience < now)
        {
            if (!done)
                LogGivenUp(_logger, playing.Name, playing.PaymentId, playing.Step);
            await using var end = new NpgsqlCommand(
                "delete from sandbox_scenarios where payment_id = $1", connection);
            end.Parameters.AddId(playing.PaymentId);
            await end.ExecuteNonQueryAsync(cancellation);
        }
        else if (done)
        {
            await using var next = new NpgsqlCommand(
                "update sandbox_scenarios set step = step + 1, step_since = $2, due_at = $2 where payment_id = $1",
                connection);
            next.Parameters.AddId(playing.PaymentId);
            next.Parameters.AddTime(now);
            await next.ExecuteNonQueryAsync(cancellation);
        }
        else
        {
            await PostponeAsync(connection, playing, now + Poll, cancellation);
        }
    }

    private static async Task PostponeAsync(
        NpgsqlConnection connection, Playing playing, DateTimeOffset dueAt, CancellationToken cancellation)
    {
        await using var postpone = new NpgsqlCommand(
            "update sandbox_scenarios set due_at = $2 where payment_id = $1", connection);
        postpone.Parameters.AddId(playing.PaymentId);
        postpone.Parameters.AddTime(dueAt);
        await postpone.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<Playing?> NextAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select payment_id, merchant_id, name, step, step_since, traceparent from sandbox_scenarios
            where due_at <= $1 order by due_at limit 1 for update skip locked
            """,
            connection);
        command.Parameters.AddTime(Clock.Now());
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? new Playing(
                row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetInt32(3), PaymentRows.Time(row, 4),
                PaymentRows.TextOrNull(row, 5))
            : null;
    }

    [LoggerMessage(LogLevel.Error, "Step {Step} of the scenario {Scenario} of payment {Payment} failed")]
    private static partial void LogFailure(ILogger logger, Exception failure, string scenario, Guid payment, int step);

    [LoggerMessage(LogLevel.Information, "Step {Step} of the scenario {Scenario} of payment {Payment} is given up")]
    private static partial void LogGivenUp(ILogger logger, string scenario, Guid payment, int step);

    private sealed record Playing(
        Guid PaymentId, Guid MerchantId, string Name, int Step, DateTimeOffset StepSince, string? TraceParent);
}
