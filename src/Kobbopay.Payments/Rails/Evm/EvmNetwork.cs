using System.Globalization;
using Kobbopay.Contracts;

namespace Kobbopay.Payments.Rails.Evm;

/// <summary>
/// One EVM network of this installation, from <c>Evm:{network}</c>: docs/networks.md names every setting. What is
/// malformed stops the start; what contradicts the network itself is <see cref="EvmRail"/>'s to find out.
/// </summary>
public sealed record EvmNetwork
{
    public const string Section = "Evm";

    private const int DefaultTopicListLimit = 1_000;
    private const int MostDecimals = 36;

    /// <summary>The network's public name, <c>ethereum</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name that people read.</summary>
    public required string DisplayName { get; init; }

    /// <summary>EIP-155; a provider of another chain is never listened to.</summary>
    public required long ChainId { get; init; }

    public required string Environment { get; init; }

    /// <summary>Providers, the preferred one first. Their paths may be secrets.</summary>
    public required IReadOnlyList<Uri> Rpc { get; init; }

    public required TimeSpan PollInterval { get; init; }

    public required TimeSpan ToleratedSilence { get; init; }

    public required int ReorgLimit { get; init; }

    /// <summary>
    /// Up to so many watched addresses are named in the filter for logs; with more of them all transfers of a block are
    /// fetched instead, and the work no longer grows with their number.
    /// </summary>
    public required int TopicListLimit { get; init; }

    public required AddressForm AddressForm { get; init; }

    public required bool Experimental { get; init; }

    /// <summary>Where people look at a transaction: an address with <c>{0}</c> for its hash.</summary>
    public required string? ExplorerTx { get; init; }

    public required IReadOnlyList<RailAsset> Assets { get; init; }

    /// <summary>The network's own currency, where payments in it are taken.</summary>
    public RailAsset? Native => Assets.FirstOrDefault(asset => asset.Contract is null);

    /// <exception cref="InvalidOperationException">A setting that is missing or malformed, with its path.</exception>
    public static IEnumerable<EvmNetwork> ReadAll(IConfiguration configuration) =>
        [.. configuration.GetSection(Section).GetChildren().Select(Read)];

    private static EvmNetwork Read(IConfigurationSection section)
    {
        var form = section.GetValue(nameof(AddressForm), AddressForm.Evm);
        var assets = section.GetSection(nameof(Assets)).GetChildren().Select(asset => ReadAsset(asset, form)).ToList();
        var network = new EvmNetwork
        {
            Name = section.Key.ToLowerInvariant(),
            DisplayName = section[nameof(Name)] ?? section.Key,
            ChainId = section.GetValue<long>(nameof(ChainId)),
            Environment = section[nameof(Environment)] ?? string.Empty,
            Rpc = [.. section.GetSection(nameof(Rpc)).GetChildren().Select(ReadUrl)],
            PollInterval = section.GetValue(nameof(PollInterval), TimeSpan.FromSeconds(1)),
            ToleratedSilence = section.GetValue(nameof(ToleratedSilence), TimeSpan.FromSeconds(30)),
            ReorgLimit = section.GetValue(nameof(ReorgLimit), ChainCursor.UsualReorgLimit),
            TopicListLimit = section.GetValue(nameof(TopicListLimit), DefaultTopicListLimit),
            AddressForm = form,
            Experimental = section.GetValue(nameof(Experimental), form == AddressForm.Tron),
            ExplorerTx = section[nameof(ExplorerTx)],
            Assets = assets,
        };

        void Require(bool holds, string name, string what)
        {
            if (!holds)
                throw new InvalidOperationException($"{section.Path}:{name} must be {what}");
        }

        Require(network.ChainId > 0, nameof(ChainId), "the network's number (EIP-155)");
        Require(
            network.Environment is MerchantEnvironments.Test or MerchantEnvironments.Live,
            nameof(Environment), "test or live");
        Require(network.Rpc.Count > 0, nameof(Rpc), "a list of provider URLs");
        Require(assets.Count > 0, nameof(Assets), "a list of currencies");
        Require(network.PollInterval > TimeSpan.Zero, nameof(PollInterval), "a time above zero");
        Require(
            assets.TrueForAll(asset => asset.MostConfirmations <= network.ReorgLimit),
            nameof(ReorgLimit), "as many blocks as the most confirmations, at least");
        Require(
            assets.Select(asset => asset.Contract).Distinct(StringComparer.Ordinal).Count() == assets.Count,
            nameof(Assets), "of different contracts, and one without at most");
        return network;
    }

    private static RailAsset ReadAsset(IConfigurationSection section, AddressForm form)
    {
        var contract = section["Contract"];
        if (contract is not null)
        {
            contract = EvmAddress.Parse(contract, form) is { } hex
                ? EvmAddress.Shown(hex, form)
                : throw new InvalidOperationException($"{section.Path}:Contract must be a contract's address");
        }

        return int.TryParse(section["Decimals"], NumberStyles.None, CultureInfo.InvariantCulture, out var decimals)
            && decimals <= MostDecimals
            ? RailConfiguration.Asset(section, contract, decimals)
            : throw new InvalidOperationException($"{section.Path}:Decimals must be 0 to {MostDecimals}");
    }

    private static Uri ReadUrl(IConfigurationSection section) =>
        Uri.TryCreate(section.Value, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
            ? url
            : throw new InvalidOperationException($"{section.Path} must be an http or https URL");
}
