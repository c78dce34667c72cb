using System.Numerics;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Simulator;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Rails;

/// <summary>
/// The service's own parts over a database of the test's own, with a clock that the test moves and no loop running: a
/// test says when a block is mined and when it is scanned.
/// </summary>
public sealed class RailWorld : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly WebApplication _app;

    private RailWorld(TestDatabase database, WebApplication app, FakeTimeProvider clock)
    {
        _database = database;
        _app = app;
        Clock = clock;
    }

    public FakeTimeProvider Clock { get; }

    public MerchantIdentity Merchant { get; private init; } = new(
        Guid.CreateVersion7(DateTimeOffset.UnixEpoch), MerchantEnvironments.Test, Guid.Empty, Scopes.All);

    public NpgsqlDataSource Database => Get<NpgsqlDataSource>();

    public SimulatorChain Chain => Get<SimulatorChain>();

    public string ChainName =>
        Get<RailCatalog>().Of(SimulatorRail.Name).ChainOf(Merchant.MerchantId, Merchant.Environment);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<TestDatabase> NewDatabaseAsync() => TestDatabase.CreateAsync(
        "payments",
        connection => Migrations.UpgradeAsync(connection, typeof(Payments.Program).Assembly, CancellationToken.None));

    public static async Task<RailWorld> CreateAsync(TimeSpan? lateWindow = null)
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var world = Over(await NewDatabaseAsync(), start);
        await AddMerchantAsync(world.Database, world.Merchant.MerchantId, lateWindow ?? TimeSpan.FromMinutes(60));
        return world;
    }

    /// <summary>One service more over a database; the world that made it takes it away.</summary>
    /// <param name="beside">Another service over the same database, of the same merchant.</param>
    public static RailWorld Over(
        TestDatabase database, DateTimeOffset start, string[]? settings = null, RailWorld? beside = null)
    {
        var clock = new FakeTimeProvider(start);
        var app = Payments.Program.Build(
            [
                "--applicationName=Kobbopay.Payments",
                $"--ConnectionStrings:{ResourceNames.PaymentsDatabase}={database.ConnectionString}",
                $"--ConnectionStrings:{ResourceNames.Messaging}=amqp://nobody@127.0.0.1:1",
                "--PublicUrl=https://pay.example",
                "--Logging:Console:LogLevel:Default=None",
                .. settings ?? [],
            ],
            clock);
        return beside is null
            ? new RailWorld(database, app, clock)
            : new RailWorld(database, app, clock) { Merchant = beside.Merchant };
    }

    public static async Task AddMerchantAsync(NpgsqlDataSource database, Guid merchantId, TimeSpan lateWindow)
    {
        await using var command = database.CreateCommand(
            """
            with merchant as (insert into merchants (id, display_name) values ($1, 'Shop'))
            insert into merchant_settings (merchant_id, environment, late_window) values ($1, 'test', $2)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchantId });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lateWindow });
        await command.ExecuteNonQueryAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _database.DisposeAsync();
    }

    /// <summary>The service ends and its database stays.</summary>
    public ValueTask StopAsync() => _app.DisposeAsync();

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>A payment of this amount, open for an hour.</summary>
    public async Task<PaymentRecord> CreatePaymentAsync(
        string amount = "10.5", string currency = "USDT", string? orderId = null, string network = SimulatorRail.Name)
    {
        var order = orderId ?? $"order-{Guid.CreateVersion7(Clock.GetUtcNow())}";
        var request = new CreatePaymentRequest(
            new DecimalText(amount), currency, network, order, null, null, ExpiresIn: 3600, null);
        while (true)
        {
            var (draft, refusal) = await Get<PaymentFactory>().TryMakeAsync(Merchant, request, Token);
            refusal.Should().BeNull();
            if (await Get<PaymentStore>().CreateAsync(Merchant, draft!, null, Token) is not null)
                return await ReadAsync(draft!.Details.Id);
            // The clock was moved or a delay has begun since the last creation.
            await Get<PaymentFactory>().ForgetAsync(Merchant, draft!, Token);
        }
    }

    public async Task<PaymentRecord> ReadAsync(Guid paymentId) =>
        (await Get<PaymentStore>().FindAsync(Merchant.MerchantId, Merchant.Environment, paymentId, Token))!;

    /// <summary>Mines a block with one transaction for each amount.</summary>
    public Task<SimulatorHead> PayAsync(PaymentRecord payment, params string[] amounts) =>
        MineAsync(1, [.. amounts.Select(amount => TransferTo(payment, amount))]);

    public Task<SimulatorHead> MineAsync(int blocks = 1, params NewTransfer[] transfers) =>
        Chain.MineAsync(ChainName, blocks, transfers, Token);

    public Task ReorgAsync(int depth, bool drop) =>
        ReorgAsync(depth, drop ? DroppedTransactions.Everything : DroppedTransactions.None);

    public async Task ReorgAsync(int depth, DroppedTransactions drop) =>
        (await Chain.ReorgAsync(ChainName, depth, drop, Token)).Should().BeNull();

    public static NewTransfer TransferTo(PaymentRecord payment, string amount, string? txHash = null) => new(
        txHash ?? NewTransfer.NewTxHash(), payment.Details.Contract, payment.Details.DepositAddress, Units(amount));

    public static BigInteger Units(string amount)
    {
        Amount.TryParse(amount, 6, out var units).Should().Be(AmountError.None);
        return units;
    }

    /// <summary>Scans until nothing is left.</summary>
    public async Task ScanAsync()
    {
        while (await ScanOnceAsync())
        {
        }
    }

    public Task<bool> ScanOnceAsync() =>
        Get<ChainScan>().RunAsync(Get<RailCatalog>().Of(SimulatorRail.Name), ChainName, Token);

    /// <summary>
    /// The payment's events in the order of their versions, which have to be dense, as they are in the queue.
    /// </summary>
    public async Task<IReadOnlyList<string>> EventsAsync(PaymentRecord payment)
    {
        await using var command = Database.CreateCommand(
            """
            select t.version, t.type, e.version, e.type from payment_timeline t
            full join pending_events e on e.payment_id = t.payment_id and e.version = t.version
            where coalesce(t.payment_id, e.payment_id) = $1 order by e.position
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = payment.Details.Id });
        await using var row = await command.ExecuteReaderAsync(Token);
        var events = new List<string>();
        while (await row.ReadAsync(Token))
        {
            (row.GetInt32(0), row.GetString(1)).Should().Be((row.GetInt32(2), row.GetString(3)));
            row.GetInt32(0).Should().Be(events.Count + 1);
            events.Add(row.GetString(1));
        }

        (await ReadAsync(payment.Details.Id)).State.Version.Should().Be(events.Count);
        return events;
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }
}
