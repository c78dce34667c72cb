using System.Text.Json;
using System.Text.RegularExpressions;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.Payments.Reports;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>docs/queries.md holds: each query has the plan that the page says, over 30,000 payments.</summary>
public sealed partial class QueryPlanTests(SeededWorld seeded) : IClassFixture<SeededWorld>
{
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 4, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RailWorld World => seeded.World;

    public static TheoryData<string> Names => [.. Documented().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_query_uses_the_indexes_that_the_page_names_and_scans_no_table(string name)
    {
        await using var batch = World.Database.CreateBatch();
        Add(batch, name);
        var nodes = await PlanAsync(batch);

        nodes.Where(node => Text(node, "Node Type") == "Seq Scan").Select(node => Text(node, "Relation Name"))
            .Should().BeEmpty();
        nodes.Select(node => Text(node, "Index Name")).Where(index => index.Length > 0).Distinct().Order()
            .Should().Equal(Documented()[name].Order());
    }

    /// <summary>Its plan is kept: any other index that ends in the id would be walked through later.</summary>
    [Fact]
    public async Task A_payment_is_looked_up_by_its_id_when_there_are_no_others_yet()
    {
        await using var empty = await RailWorld.CreateAsync();
        await using var batch = empty.Database.CreateBatch();
        PaymentReads.Add(batch, empty.Merchant, Guid.CreateVersion7(Day));

        var nodes = await PlanAsync(batch);

        nodes.Where(node => Text(node, "Relation Name") == "payments").Select(node => Text(node, "Index Name"))
            .Should().Equal("payments_pkey");
    }

    [Fact]
    public async Task No_statement_is_compiled() => (await World.ScalarAsync<string>("show jit")).Should().Be("off");

    private static async Task<List<JsonElement>> PlanAsync(NpgsqlBatch batch)
    {
        foreach (var command in batch.BatchCommands)
            command.CommandText = $"explain (format json) {command.CommandText}";
        var nodes = new List<JsonElement>();
        await using var row = await batch.ExecuteReaderAsync(Token);
        do
        {
            await row.ReadAsync(Token);
            var plan = JsonDocument.Parse(row.GetString(0));
            nodes.AddRange(NodesOf(plan.RootElement[0].GetProperty("Plan")));
        }
        while (await row.NextResultAsync(Token));
        return nodes;
    }

    private void Add(NpgsqlBatch batch, string name)
    {
        var id = PaymentFilter.FirstIdOf(Day);
        var range = RequestQuery.Of(QueryString.Empty, []).Page(World.Merchant, "x");
        string[] some = ["address-3", "address-6"];
        switch (name)
        {
            case "payment by id":
                PaymentReads.Add(batch, World.Merchant, id);
                break;
            case "payment by public token":
                Add(batch, ReadPayments.ByToken(World.Database, "token-3"));
                break;
            case "transfers of a payment":
                Add(batch, ReadTransfers.CommandOf(World.Database, World.Merchant, id, range));
                break;
            case "timeline of a payment":
                Add(batch, ReadTimeline.CommandOf(World.Database, World.Merchant, id, range));
                break;
            case "unmatched transfers":
                AddUnmatched(batch, range, string.Empty);
                break;
            case "unmatched transfers of a payment":
                AddUnmatched(batch, range, $"?payment_id={Contracts.Id.Format(Contracts.Id.Payment, id)}");
                break;
            case "report by confirmation" or "report by creation":
                Add(batch, PaymentsReport.CommandOf(
                    World.Database,
                    World.Merchant,
                    new ReportSpan(Day, Day.AddMinutes(10), name == "report by creation")));
                break;
            case "scan: payments at addresses":
                TransferChanges.SelectWatched(batch, World.ChainName, ofXpubs: false, some);
                break;
            case "scan: payments at addresses of xpubs":
                TransferChanges.SelectWatched(batch, World.ChainName, ofXpubs: true, some);
                break;
            case "scan: addresses that are ours":
                batch.Add(WatchedAddresses.Among).AddTexts(some);
                break;
            case "scan: watched addresses":
                var watched = batch.Add(WatchedAddresses.List);
                watched.AddId(id);
                watched.AddText(World.ChainName);
                watched.AddInteger(1_000);
                break;
            case "scan: known transfers":
                TransferChanges.SelectKnown(batch, World.ChainName, some, ["tx-1", "tx-2"]);
                break;
            case "scan: transfers above a block":
                TransferChanges.SelectAbove(batch, World.ChainName, 1_000);
                break;
            case "scan: payments that wait":
                TransferChanges.SelectWaiting(batch, World.ChainName, 1_000);
                break;
            case "scan: unmatched transfers":
                UnmatchedTransfers.SelectKnownAndAbove(batch, World.ChainName, ["tx-1", "tx-2"], 1_000);
                break;
            default:
                AddList(batch, name);
                break;
        }
    }

    private void AddUnmatched(NpgsqlBatch batch, PageRange range, string query) => Add(
        batch,
        ReadUnmatchedTransfers.CommandOf(
            World.Database,
            World.Merchant,
            range,
            RequestQuery.Of(new QueryString(query), ["payment_id"]),
            World.Get<RailCatalog>()));

    /// <summary>The lists are named by what they filter by, in the words of a URL.</summary>
    private void AddList(NpgsqlBatch batch, string name)
    {
        var filter = name["payments".Length..].Trim();
        if (filter == "next page")
        {
            var owner = $"{World.Merchant.MerchantId}/{World.Merchant.Environment}";
            filter = $"after={new CursorForm(owner, "payments").Format(PaymentFilter.FirstIdOf(Day))}";
        }

        var query = RequestQuery.Of(new QueryString($"?{filter}"), PaymentFilter.Names);
        var range = query.Page(World.Merchant, "payments");
        ListPayments.Add(batch, World.Merchant, range, query, World.Get<RailCatalog>());
    }

    private static void Add(NpgsqlBatch batch, NpgsqlCommand command)
    {
        var copy = batch.CreateBatchCommand();
        copy.CommandText = command.CommandText;
        foreach (NpgsqlParameter parameter in command.Parameters)
            copy.Parameters.Add(parameter.Clone());
        batch.BatchCommands.Add(copy);
        command.Dispose();
    }

    private static IEnumerable<JsonElement> NodesOf(JsonElement node)
    {
        yield return node;
        if (!node.TryGetProperty("Plans", out var inner))
            yield break;
        foreach (var below in inner.EnumerateArray().SelectMany(NodesOf))
            yield return below;
    }

    private static string Text(JsonElement node, string field) =>
        node.TryGetProperty(field, out var value) ? value.GetString()! : string.Empty;

    /// <summary>The page's table: the query in code quotes or plain, then its indexes.</summary>
    private static Dictionary<string, string[]> Documented()
    {
        var rows =
            from line in File.ReadLines(Checkout.PathOf("docs", "queries.md"))
            let cells = line.Split('|')
            where cells.Length == 5 && cells[3].Contains('`', StringComparison.Ordinal)
            select (
                Name: cells[1].Trim().Trim('`'),
                Indexes: Quoted().Matches(cells[3]).Select(index => index.Value.Trim('`')));
        return rows.ToDictionary(row => row.Name, row => row.Indexes.ToArray(), StringComparer.Ordinal);
    }

    [GeneratedRegex("`[^`]+`", RegexOptions.None, 1000)]
    private static partial Regex Quoted();
}

/// <summary>One seeded database for all plans.</summary>
public sealed class SeededWorld : IAsyncLifetime
{
    public RailWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        World = await RailWorld.CreateAsync();
        await SeededPayments.AddAsync(World.Database, World.Merchant.MerchantId, World.ChainName);
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
