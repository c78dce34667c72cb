using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>
/// <c>example-network</c>: the built-in chain for tests, in tables of this database. Each merchant has a chain of its
/// own, moved by <c>/v1/sandbox</c> and, where configured, by time.
/// </summary>
public sealed class SimulatorRail(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock) : IRail
{
    public const string Name = "example-network";

    public string Network => Name;

    public string NetworkName => "Example Network";

    public string Kind => "simulator";

    public long? ChainId => null;

    public bool Experimental => false;

    public string Environment => MerchantEnvironments.Test;

    public bool HasSandboxClock => true;

    /// <summary>A merchant who makes the provider fail wants to see it at once.</summary>
    public TimeSpan ToleratedSilence => TimeSpan.Zero;

    /// <summary>
    /// USDT is the network's own currency, USDC a token of it, and DAI one of 18 decimals: each kind can be tried.
    /// </summary>
    public IReadOnlyList<RailAsset> Assets { get; } =
    [
        RailConfiguration.Asset(SectionOf(configuration, "USDT"), contract: null, decimals: 6),
        RailConfiguration.Asset(SectionOf(configuration, "USDC"), AddressOf("contract/USDC"), decimals: 6),
        RailConfiguration.Asset(SectionOf(configuration, "DAI"), AddressOf("contract/DAI"), decimals: 18),
    ];

    public string ChainOf(Guid merchantId, string environment) => $"{Name}:{Id.Format(Id.Merchant, merchantId)}";

    /// <summary>Whose chain it is, by <see cref="ChainOf"/>.</summary>
    internal static Guid MerchantOf(string chain) => Id.TryParse(Id.Merchant, chain[(Name.Length + 1)..], out var id)
        ? id
        : throw new ArgumentException($"{chain} is not a chain of {Name}", nameof(chain));

    public string AddressSeriesOf(Payee payee) => ChainOf(payee.MerchantId, payee.Environment);

    public DepositAddress AddressAt(Payee payee, long index) =>
        new(AddressOf($"{AddressSeriesOf(payee)}/{index}"), $"0/{index}", XpubFingerprint: null);

    public string PaymentUri(RailAsset asset, string address, BigInteger amount) =>
        $"{Name}:{address}?amount={Amount.Format(amount, asset.Decimals)}&currency={asset.Currency}";

    public string? ExplorerUrl(string txHash) => null;

    public async Task<IReadOnlyList<string>> ChainsWithNewsAsync(int limit, CancellationToken cancellation)
    {
        // In no fixed order, so that more than the limit of busy chains share the scanner.
        await using var command = database.CreateCommand(
            """
            select s.chain from simulator_chains s left join chains c on c.chain = s.chain
            where s.head >= 0 and s.head_hash is distinct from c.block_hash or s.provider_until > $2
            order by random() limit $1
            """);
        command.Parameters.AddInteger(limit);
        command.Parameters.AddTime(clock.Now());
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var chains = new List<string>();
        while (await row.ReadAsync(cancellation))
            chains.Add(row.GetString(0));
        return chains;
    }

    public async Task<ChainSlice> ReadAsync(string chain, long fromBlock, int limit, CancellationToken cancellation)
    {
        // One statement sees one moment: provider, head, blocks and transfers belong together.
        await using var command = database.CreateCommand(
            """
            select c.head, c.mode, b.number, b.hash, b.parent_hash, b.time, b.traceparent,
              t.tx_hash, t.log_index, t.contract, t.recipient, t.amount
            from (
              select chain, case when provider_until > $4 then least(head, provider_head) else head end as head,
                case when provider_until > $4 then provider_mode else 'ok' end as mode
              from simulator_chains where chain = $1) c
            left join simulator_blocks b
              on b.chain = c.chain and b.number >= $2 and b.number < $2 + $3 and b.number <= c.head and c.mode <> 'fail'
            left join simulator_transfers t on t.chain = b.chain and t.block_number = b.number
            order by b.number, t.log_index
            """);
        command.Parameters.AddText(chain);
        command.Parameters.AddLong(fromBlock);
        command.Parameters.AddInteger(limit);
        command.Parameters.AddTime(clock.Now());
        await using var row = await command.ExecuteReaderAsync(cancellation);

        var (head, behind) = (-1L, false);
        var blocks = new List<Block>();
        var transfers = new List<TokenTransfer>();
        while (await row.ReadAsync(cancellation))
        {
            if (row.GetString(1) == SimulatorChain.NameOf(ProviderMode.Fail))
                throw new RailUnavailableException($"The provider of {chain} was told to fail");
            (head, behind) = (row.GetInt64(0), row.GetString(1) == SimulatorChain.NameOf(ProviderMode.Delay));
            if (row.IsDBNull(2))
                break;
            if (blocks.Count == 0 || blocks[^1].Number != row.GetInt64(2))
            {
                transfers = [];
                blocks.Add(new Block(
                    row.GetInt64(2), row.GetString(3), row.GetString(4), PaymentRows.Time(row, 5), transfers,
                    PaymentRows.TextOrNull(row, 6)));
            }

            if (!row.IsDBNull(7))
            {
                transfers.Add(new TokenTransfer(
                    row.GetString(7), row.GetInt32(8), PaymentRows.TextOrNull(row, 9), row.GetString(10),
                    row.GetFieldValue<BigInteger>(11)));
            }
        }

        return new ChainSlice(head, blocks, behind);
    }

    private static IConfigurationSection SectionOf(IConfiguration configuration, string currency) =>
        configuration.GetSection($"Rails:{Name}:{currency}");

    /// <summary>No key stands behind it: what it takes is that no two are the same.</summary>
    private static string AddressOf(string text) =>
        $"sim1{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 20))}";
}
