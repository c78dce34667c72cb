using System.Security.Cryptography;
using System.Text;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>Creations that share a statement share nothing else.</summary>
public sealed class SharedStatementTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private NpgsqlDataSource Database => _world.Database;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Each_creation_of_a_statement_is_inserted_whole_or_not_at_all()
    {
        var other = _world.Merchant with { MerchantId = Id.New(TimeProvider.System) };
        await RailWorld.AddMerchantAsync(Database, other.MerchantId, TimeSpan.FromMinutes(60));
        (await StoreAsync(await DraftAsync(_world.Merchant, "used", key: "used"))).Should().Equal(true);
        (await StoreAsync(await DraftAsync(_world.Merchant, "taken"))).Should().Equal(true);
        var stale = await DraftAsync(other, "stale");
        await ExecuteAsync(
            $"update merchant_settings set version = version + 1 where merchant_id = '{other.MerchantId}'");
        _world.Get<Payments.Merchants.MerchantDirectory>().Forget(other.MerchantId, other.Environment);
        var delayed = await DraftAsync(_world.Merchant, "delayed");
        delayed = delayed with { Draft = delayed.Draft with { Delayed = true } };

        (await StoreAsync(
            await DraftAsync(_world.Merchant, "one", key: "one"),
            await DraftAsync(_world.Merchant, "with a used key", key: "used"),
            await DraftAsync(_world.Merchant, "taken"),
            await DraftAsync(_world.Merchant, "twice"),
            await DraftAsync(_world.Merchant, "twice"),
            stale,
            delayed,
            // Another merchant's key and order are no business of the first one's.
            await DraftAsync(other, "taken", key: "used"),
            await DraftAsync(_world.Merchant, "last")))
            .Should().Equal(true, false, false, true, false, false, false, true, true);

        const string Orders = "array['used', 'taken', 'one', 'twice', 'taken', 'last']";
        foreach (var (table, rows) in new[]
        {
            ("payments", 6L), ("payment_timeline", 6L), ("pending_events", 6L), ("order_claims", 6L),
            ("idempotency_keys", 3L),
        })
            (await CountAsync($"select count(*) from {table}")).Should().Be(rows, table);
        (await CountAsync($"select count(*) from payments where order_id = any({Orders})")).Should().Be(6);
        (await CountAsync("""
            select count(*) from payments p
            join pending_events e on e.payment_id = p.id and e.merchant_id = p.merchant_id and e.order_id = p.order_id
            join order_claims c on c.payment_id = p.id and c.merchant_id = p.merchant_id and c.order_id = p.order_id
            join payment_timeline t on t.payment_id = p.id
            """)).Should().Be(6);
    }

    [Fact]
    public async Task Two_statements_that_want_the_same_orders_the_other_way_round_both_end()
    {
        for (var round = 0; round < 20; round++)
        {
            var orders = Enumerable.Range(0, 16).Select(i => $"{round}-{i}").ToArray();
            var (one, other) = (await DraftsAsync(orders), await DraftsAsync([.. orders.Reverse()]));

            var inserted = await Task.WhenAll(StoreAsync(one), StoreAsync(other));

            inserted.SelectMany(each => each).Count(done => done).Should().Be(orders.Length);
        }
    }

    [Fact]
    public async Task A_key_that_another_replica_commits_meanwhile_leaves_nothing_and_is_not_taken_for_stored()
    {
        var creation = await DraftAsync(_world.Merchant, "late", key: "race");
        await using var replica = await Database.OpenConnectionAsync(Token);
        await using var transaction = await replica.BeginTransactionAsync(Token);
        await using var first = new NpgsqlCommand(
            """
            insert into idempotency_keys (merchant_id, environment, route, key, fingerprint, status, body, created_at)
            values ($1, 'test', 'POST /v1/payments', 'race', '', 201, '', now())
            """,
            replica);
        first.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _world.Merchant.MerchantId });
        await first.ExecuteNonQueryAsync(Token);

        var storing = _world.Get<CreationBatches>().StoreAsync(creation, Token);
        await Eventually.TrueAsync(async () => await CountAsync(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
            > 0);
        await transaction.CommitAsync(Token);

        (await storing).Should().BeFalse();
        foreach (var table in new[] { "payments", "pending_events", "order_claims", "payment_timeline" })
            (await CountAsync($"select count(*) from {table}")).Should().Be(0, table);
    }

    private async Task<Creation[]> DraftsAsync(string[] orders)
    {
        var drafts = new List<Creation>();
        foreach (var order in orders)
            drafts.Add(await DraftAsync(_world.Merchant, order));
        return [.. drafts];
    }

    private async Task<Creation> DraftAsync(MerchantIdentity merchant, string order, string? key = null)
    {
        var request = new CreatePaymentRequest(
            new DecimalText("10.5"), "USDT", SimulatorRail.Name, order, null, null, ExpiresIn: 3600, null);
        var (draft, refusal) = await _world.Get<PaymentFactory>().TryMakeAsync(merchant, request, Token);
        refusal.Should().BeNull();
        var claim = key is null
            ? null
            : new IdempotencyClaim("POST /v1/payments", key, SHA256.HashData(Encoding.UTF8.GetBytes(order)));
        var created = _world.Get<PaymentStore>()
            .RenderEvent(draft!.Details, draft.Created, 0, draft.Delayed, draft.Merchant);
        return new Creation(created, draft, claim, "/v1/payments/" + order, merchant.KeyId);
    }

    private async Task<bool[]> StoreAsync(params Creation[] creations)
    {
        await using var command = CreatePaymentStatement.Of(Database, [.. creations]);
        await using var row = await command.ExecuteReaderAsync(Token);
        var ids = new HashSet<Guid>();
        while (await row.ReadAsync(Token))
            ids.Add(row.GetGuid(0));
        return [.. creations.Select(creation => ids.Contains(creation.Draft.Details.Id))];
    }

#pragma warning disable CA2100 // Statements of tests.
    private async Task<long> CountAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }
#pragma warning restore CA2100
}
