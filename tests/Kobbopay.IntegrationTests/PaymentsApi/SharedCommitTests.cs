using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments;
using Kobbopay.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>Changes that share a commit share nothing else.</summary>
public sealed class SharedCommitTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _world = await RailWorld.CreateAsync();
        await ExecuteAsync("create table kept (name text primary key, made_in xid8 not null)");
    }

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task What_arrives_while_others_wait_shares_their_lanes_next_commit()
    {
        await Task.WhenAll(await WhileLockedAsync(
            commits => [.. Enumerable.Range(0, 22).Select(i => KeepAsync(commits, $"{i:00}"))]));

        (await CountAsync("select count(*) from kept where name < 'a'")).Should().Be(2 * 22);
        (await CountAsync("select count(distinct made_in) from kept where name < 'a'")).Should().BeInRange(1, 2);
    }

    [Fact]
    public async Task Who_fails_and_who_gives_up_takes_nobody_along()
    {
        await ExecuteAsync("insert into kept values ('05', '1'), ('11', '1')");
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var changes = await WhileLockedAsync(
            commits =>
            {
                Task[] all =
                    [.. Enumerable.Range(0, 22)
                        .Select(i => KeepAsync(commits, $"{i:00}", i == 7 ? impatient.Token : Token))];
                impatient.Cancel();
                return all;
            });

        var failures = await Task.WhenAll(changes.Select(FailureAsync));
        for (var i = 0; i < changes.Length; i++)
        {
            if (i is 5 or 11)
            {
                failures[i].Should().BeOfType<PostgresException>()
                    .Which.SqlState.Should().Be(PostgresErrorCodes.UniqueViolation);
            }
            else if (i == 7)
            {
                failures[i].Should().BeAssignableTo<OperationCanceledException>();
            }
            else
            {
                failures[i].Should().BeNull();
            }
        }

        // A change is whole: what failed has left none of its two rows.
        (await CountAsync("select count(*) from kept where name < 'a' and name like '%-second'")).Should().Be(20);
        (await CountAsync("select count(*) from kept where name in ('05-second', '11-second')")).Should().Be(0);
    }

    [Fact]
    public async Task Two_replicas_with_the_same_changes_the_other_way_round_both_end()
    {
        var (one, other) = (_world.Get<SharedCommits>(), Another());
        for (var round = 0; round < 20; round++)
        {
            string[] names = [.. Enumerable.Range(0, 16).Select(i => $"{round:00}-{i:00}")];
            Task[] changes =
            [
                .. names.Select(name => KeepAsync(one, name)),
                .. names.Reverse().Select(name => KeepAsync(other, name)),
            ];
            var failures = await Task.WhenAll(changes.Select(FailureAsync));

            failures.Count(failure => failure is null).Should().Be(names.Length);
            failures.OfType<PostgresException>().Select(failure => failure.SqlState).Distinct()
                .Should().Equal(PostgresErrorCodes.UniqueViolation);
        }
    }

    /// <summary>Two changes occupy both lanes; all that come after them wait for their turn together.</summary>
    private async Task<Task[]> WhileLockedAsync(Func<SharedCommits, Task[]> start)
    {
        await using var holder = await _world.Database.OpenConnectionAsync(Token);
        await using var transaction = await holder.BeginTransactionAsync(Token);
        await using var hold = new NpgsqlCommand("lock table kept in exclusive mode", holder);
        await hold.ExecuteNonQueryAsync(Token);

        var commits = _world.Get<SharedCommits>();
        var first = KeepAsync(commits, "a");
        await WaitingAsync(1);
        var second = KeepAsync(commits, "b");
        await WaitingAsync(2);
        var changes = start(commits);
        await transaction.RollbackAsync(Token);
        await Task.WhenAll(first, second);
        return changes;
    }

    private static async Task<Exception?> FailureAsync(Task change) => await Record.ExceptionAsync(() => change);

    private Task WaitingAsync(int sessions) => Eventually.TrueAsync(async () => await CountAsync(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
        == sessions);

    private SharedCommits Another() => new(_world.Database, TimeProvider.System, NullLoggerFactory.Instance);

    private static async Task KeepAsync(SharedCommits commits, string name, CancellationToken? cancellation = null)
    {
        await using var statements = new NpgsqlBatch();
        foreach (var row in new[] { name, $"{name}-second" })
            statements.Add("insert into kept values ($1, pg_current_xact_id())").AddText(row);
        await commits.CommitAsync(name, statements, cancellation ?? Token);
    }

#pragma warning disable CA2100 // Statements of tests.
    private async Task<long> CountAsync(string sql)
    {
        await using var command = _world.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _world.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }
#pragma warning restore CA2100
}
