using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>
/// A merchant with an xpub on an EVM network: the service's own parts, a clock that the test moves, and no loop
/// running. A test says when the chain is scanned.
/// </summary>
internal sealed class EvmWorld : IAsyncDisposable
{
    public const string Network = "dev-evm";
    public const string OtherNetwork = "other-evm";

    /// <summary>The account of the test mnemonic, <c>m/44'/60'/0'</c>.</summary>
    public const string Xpub =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7"
        + "V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP";

    public EvmWorld(RailWorld world) => World = world;

    public RailWorld World { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="urls">The network's providers, the preferred one first.</param>
    /// <param name="settings">More of <c>Evm:dev-evm</c>, and what changes it: <c>("ReorgLimit", "20")</c>.</param>
    public static async Task<EvmWorld> CreateAsync(Uri[] urls, params (string Name, string Value)[] settings)
    {
        var database = await RailWorld.NewDatabaseAsync();
        var world = RailWorld.Over(database, TimeProvider.System.GetUtcNow(), SettingsOf(urls, settings));
        await RailWorld.AddMerchantAsync(world.Database, world.Merchant.MerchantId, TimeSpan.FromMinutes(60));
        await AddXpubAsync(world.Database, world.Merchant.MerchantId);
        var evm = new EvmWorld(world);
        await evm.BeginAsync();
        return evm;
    }

    /// <summary>The merchant's payments on both networks are paid to the test mnemonic's account.</summary>
    public static async Task AddXpubAsync(NpgsqlDataSource database, Guid merchant)
    {
        ExtendedPublicKey.TryParse(Xpub, out var key).Should().Be(XpubError.None);
        await using var command = database.CreateCommand(
            """
            with xpub as (
              insert into xpubs (fingerprint, xpub, merchant_id, environment, created_at)
              values ($1, $2, $3, 'test', now()))
            insert into merchant_xpubs (merchant_id, environment, network, fingerprint, confirmed_at)
            select $3, 'test', n, $1, now() from unnest($4) n
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key!.Fingerprint });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Xpub });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchant });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [Network, OtherNetwork] });
        await command.ExecuteNonQueryAsync(Token);
    }

    /// <summary>USDT and USDC of <see cref="EvmChain"/> with two confirmations each, and the network's coins.</summary>
    public static string[] SettingsOf(Uri[] urls, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ChainId"] = "31337",
            ["Environment"] = "test",
            ["Assets:USDT:Contract"] = EvmChain.Usdt,
            ["Assets:USDT:Decimals"] = "6",
            ["Assets:USDT:Confirmations"] = "2",
            ["Assets:USDC:Contract"] = EvmChain.Usdc,
            ["Assets:USDC:Decimals"] = "6",
            ["Assets:USDC:Confirmations"] = "2",
            ["Assets:ETH:Decimals"] = "18",
            ["Assets:ETH:Confirmations"] = "2",
        };
        for (var i = 0; i < urls.Length; i++)
            all[$"Rpc:{i}"] = urls[i].ToString();
        foreach (var (name, value) in settings)
            all[name] = value;
        return
        [
            .. all.Select(setting => setting.Key.StartsWith("Evm:", StringComparison.Ordinal)
                ? $"--{setting.Key}={setting.Value}"
                : $"--Evm:{Network}:{setting.Key}={setting.Value}"),
        ];
    }

    public IRail Rail(string network = Network) => World.Get<RailCatalog>().Of(network);

    /// <summary>What its loop does when it starts: the first scan sets the cursor, then payments are taken.</summary>
    public async Task BeginAsync(string network = Network)
    {
        await ScanAsync(network);
        await Rail(network).PrepareAsync(Token);
    }

    public Task<PaymentRecord> CreatePaymentAsync(
        string amount = "10.5", string currency = "USDT", string network = Network) =>
        World.CreatePaymentAsync(amount, currency, orderId: null, network);

    /// <summary>Scans until nothing is left.</summary>
    public async Task ScanAsync(string network = Network)
    {
        while (await World.Get<ChainScan>().RunAsync(Rail(network), network, Token))
        {
        }
    }

    public Task<PaymentRecord> ReadAsync(PaymentRecord payment) => World.ReadAsync(payment.Details.Id);

    public async Task<PaymentStatus> StatusAsync(PaymentRecord payment) => (await ReadAsync(payment)).State.Status;

    public Task<IReadOnlyList<string>> EventsAsync(PaymentRecord payment) => World.EventsAsync(payment);

    /// <summary>Of what counts for no payment: reason, base units, whether it stands; oldest first.</summary>
    public async Task<List<(string Reason, decimal Amount, bool Canonical)>> UnmatchedAsync(PaymentRecord payment)
    {
        await using var command = World.Database.CreateCommand(
            "select reason, amount, canonical from unmatched_transfers where payment_id = $1 order by id");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = payment.Details.Id });
        await using var row = await command.ExecuteReaderAsync(Token);
        var unmatched = new List<(string, decimal, bool)>();
        while (await row.ReadAsync(Token))
            unmatched.Add((row.GetString(0), row.GetDecimal(1), row.GetBoolean(2)));
        return unmatched;
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
