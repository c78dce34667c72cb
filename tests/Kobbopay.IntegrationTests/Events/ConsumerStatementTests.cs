using System.Text.RegularExpressions;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>The statements that docs/consumers.md gives to merchants, run as they stand there.</summary>
public sealed partial class ConsumerStatementTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateEmptyAsync();
        _source = NpgsqlDataSource.Create(_database.ConnectionString);
        await using var schema = _source.CreateCommand(StatementOf("schema"));
        await schema.ExecuteNonQueryAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task An_event_is_taken_once_and_an_older_version_never_overwrites_a_newer_one()
    {
        (await TakeAsync("evt_1", version: 1, "Pending", "wait")).Should().Be(1);
        (await TakeAsync("evt_1", version: 1, "Pending", "wait")).Should().Be(0);
        (await TakeAsync("evt_3", version: 3, "Confirmed", "fulfil")).Should().Be(1);
        (await TakeAsync("evt_2", version: 2, "Paid", "wait")).Should().Be(0);
        (await TakeAsync("evt_3", version: 3, "Confirmed", "fulfil")).Should().Be(0);

        await using var read = _source.CreateCommand("select version || status || decision from order_payments");
        (await read.ExecuteScalarAsync(Token)).Should().Be("3Confirmedfulfil");
        await using var count = _source.CreateCommand("select count(*) from kobbopay_events");
        (await count.ExecuteScalarAsync(Token)).Should().Be(3L);
    }

    [Fact]
    public async Task Of_two_that_take_the_same_event_at_once_one_takes_it()
    {
        var taken = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => TakeAsync("evt_1", version: 1, "Pending", "wait")));

        taken.Sum().Should().Be(1);
    }

    private async Task<int> TakeAsync(string id, int version, string status, string decision)
    {
        await using var command = _source.CreateCommand(StatementOf("event"));
        foreach (var value in new object[] { id, "pay_1", "order-1", version, status, decision })
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteNonQueryAsync(Token);
    }

    private static string StatementOf(string mark)
    {
        var page = File.ReadAllText(Checkout.PathOf("docs", "consumers.md"));
        return Statement().Matches(page).Single(match => match.Groups["mark"].Value == mark).Groups["sql"].Value;
    }

    [GeneratedRegex("<!-- consumer (?<mark>\\w+) -->\n```sql\n(?<sql>.*?)```", RegexOptions.Singleline, 1000)]
    private static partial Regex Statement();
}
