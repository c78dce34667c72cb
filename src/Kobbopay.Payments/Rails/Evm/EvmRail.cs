using System.Diagnostics.Metrics;
using System.Globalization;
using System.Numerics;
using Kobbopay.Payments.Rails.Evm.Rpc;
using Npgsql;

namespace Kobbopay.Payments.Rails.Evm;

/// <summary>
/// An EVM network behind JSON-RPC providers (contracts.md, section 7): one chain for all merchants, each payment at an
/// address of its merchant's xpub.
/// </summary>
internal sealed partial class EvmRail(
    EvmNetwork network,
    NpgsqlDataSource database,
    TimeProvider clock,
    IMeterFactory meters,
    ILoggerFactory loggers) : IRail, IDisposable
{
    /// <summary>A contract does not change; what is found wrong may be mended by then.</summary>
    private static readonly TimeSpan CheckAgain = TimeSpan.FromMinutes(1);

    private readonly ProviderPool _providers = new(
        network.Name, network.Rpc, network.ChainId, clock, meters, loggers.CreateLogger<ProviderPool>());

    private readonly ILogger _logger = loggers.CreateLogger<EvmRail>();
    private readonly EvmReader _reader = new(network, new WatchedAddresses(database, clock));
    private volatile IReadOnlyList<string> _wrongAssets = [];
    private volatile bool _hasStarted;
    private long? _checkedAt;

    public string Network => network.Name;

    public string NetworkName => network.DisplayName;

    public string Kind => "evm";

    public long? ChainId => network.ChainId;

    public bool Experimental => network.Experimental;

    public string Environment => network.Environment;

    public bool NeedsXpub => true;

    public TimeSpan PollInterval => network.PollInterval;

    public TimeSpan ToleratedSilence => network.ToleratedSilence;

    public int ReorgLimit => network.ReorgLimit;

    public bool HasSandboxClock => false;

    public IReadOnlyList<RailAsset> Assets => network.Assets;

    public string ChainOf(Guid merchantId, string environment) => network.Name;

    public string AddressSeriesOf(Payee payee) => payee.Xpub!.Fingerprint;

    public DepositAddress AddressAt(Payee payee, long index) =>
        new(AddressOf(payee.Xpub!, index), $"0/{index}", payee.Xpub!.Fingerprint);

    public string AddressOf(ExtendedPublicKey xpub, long index) => xpub.AddressAt(index, network.AddressForm);

    /// <summary>EIP-681. Wallets of Tron know no such thing: there it is the plain address.</summary>
    public string PaymentUri(RailAsset asset, string address, BigInteger amount) =>
        network.AddressForm == AddressForm.Tron ? address
        : asset.Contract is null ? $"ethereum:{address}@{network.ChainId}?value={amount}"
        : $"ethereum:{asset.Contract}@{network.ChainId}/transfer?address={address}&uint256={amount}";

    public string? ExplorerUrl(string txHash) => network.ExplorerTx is { } explorer
        ? string.Format(CultureInfo.InvariantCulture, explorer, txHash)
        : null;

    public bool IsReady(RailAsset asset) => _hasStarted && !_wrongAssets.Contains(asset.Currency);

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        if (!_hasStarted)
            _hasStarted = await HasStartedAsync(cancellation);
        if (_checkedAt is { } before && clock.GetElapsedTime(before) < CheckAgain)
            return;
        try
        {
            await CheckAssetsAsync(cancellation);
        }
        catch (RailUnavailableException)
        {
            // The scan meets the same provider, and records it.
        }
    }

    public Task<IReadOnlyList<string>> ChainsWithNewsAsync(int limit, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([network.Name]);

    /// <summary>No payment is taken before the chain is followed, so the head of that moment is early enough.</summary>
    public Task<long> FirstBlockAsync(string chain, CancellationToken cancellation) =>
        AskAsync(provider => Task.FromResult(provider.Head.Number), cancellation);

    public Task<ChainSlice> ReadAsync(string chain, long fromBlock, int limit, CancellationToken cancellation) =>
        AskAsync(provider => _reader.ReadAsync(provider, fromBlock, limit, cancellation), cancellation);

    public async Task<IReadOnlyDictionary<string, BigInteger>?> BalancesAsync(
        IReadOnlyCollection<string> addresses, long block, CancellationToken cancellation) =>
        await AskAsync(
            async provider =>
            {
                var balances = new Dictionary<string, BigInteger>(StringComparer.Ordinal);
                foreach (var address in addresses)
                {
                    var hex = EvmAddress.Parse(address, network.AddressForm)!;
                    balances[address] = await provider.Client.BalanceAsync(hex, block, cancellation);
                }

                return balances;
            },
            cancellation);

    public void Dispose() => _providers.Dispose();

    /// <summary>Asks the best provider, and after its failure the next best, while there is one.</summary>
    private async Task<T> AskAsync<T>(Func<ChosenProvider, Task<T>> ask, CancellationToken cancellation)
    {
        while (true)
        {
            var provider = await _providers.ChooseAsync(cancellation);
            try
            {
                return await ask(provider);
            }
            catch (ProviderException failure)
            {
                // It is set aside, so that each is asked once; when none is left the choice itself fails.
                _providers.Failed(provider.Client, failure);
            }
        }
    }

    private async Task<bool> HasStartedAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            "select exists (select from chains where chain = $1 and block_number >= 0)");
        command.Parameters.AddText(network.Name);
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>
    /// An asset that is configured otherwise than its contract says takes no new payments: their amounts would be
    /// wrong.
    /// </summary>
    private async Task CheckAssetsAsync(CancellationToken cancellation)
    {
        var wrong = new List<string>();
        foreach (var asset in Assets.Where(asset => asset.Contract is not null))
        {
            var contract = EvmAddress.Parse(asset.Contract!, network.AddressForm)!;
            var (exists, decimals) = await AskAsync(
                async provider => (
                    await provider.Client.CodeExistsAsync(contract, cancellation),
                    await provider.Client.DecimalsAsync(contract, cancellation)),
                cancellation);
            if (exists && decimals == asset.Decimals)
                continue;
            wrong.Add(asset.Currency);
            if (!_wrongAssets.Contains(asset.Currency))
                LogWrong(asset.Currency, network.Name, asset.Contract!, exists, asset.Decimals, decimals);
        }

        _wrongAssets = wrong;
        _checkedAt = clock.GetTimestamp();
    }

    [LoggerMessage(
        LogLevel.Error,
        "{Currency} on {Network} takes no payments: {Contract} (is a contract: {Exists}) was configured with "
        + "{Configured} decimals and has {Actual}")]
    private partial void LogWrong(
        string currency, string network, string contract, bool exists, int configured, int? actual);
}
