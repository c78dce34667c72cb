using System.Globalization;
using Kobbopay.LocalServers;
using Kobbopay.LocalServers.Evm;

namespace Kobbopay.AppHost;

/// <summary>
/// The network <c>dev-evm</c> of a developer's machine: an anvil node whose chain is kept over restarts
/// (<see cref="AnvilSettings.IsKept"/> tells what a crash costs), and what Payments is told of it.
/// </summary>
internal static class DevEvm
{
    private const string Section = "Evm__dev-evm__";

    /// <summary>m/44'/60'/0' of the mnemonic "test test ... junk", whose keys everybody knows.</summary>
    public const string DemoXpub =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP";

    /// <summary>Where Payments finds the node.</summary>
    public const string RpcVariable = Section + "Rpc__0";

    // Nobody listens there.
    private const string NoNode = "http://127.0.0.1:9";

    private static readonly string[] Currencies = ["USDT", "USDC", "ETH"];

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        [Section + "Name"] = "Local EVM chain",
        [Section + "ChainId"] = AnvilSettings.ChainId.ToString(CultureInfo.InvariantCulture),
        [Section + "Environment"] = "test",
        [Section + "Assets__USDT__Contract"] = DevChain.Usdt,
        [Section + "Assets__USDT__Decimals"] = "6",
        [Section + "Assets__USDT__Confirmations"] = "3",
        [Section + "Assets__USDC__Contract"] = DevChain.Usdc,
        [Section + "Assets__USDC__Decimals"] = "6",
        [Section + "Assets__USDC__Confirmations"] = "3",
        [Section + "Assets__ETH__Decimals"] = "18",
        [Section + "Assets__ETH__Confirmations"] = "3",
    };

    /// <summary>
    /// Whether the node is installed, and the kept chain can be read. The node writes over its file in place: one that
    /// was cut off by a crash is lost, and on a new chain Payments would miss every block that it has read.
    /// </summary>
    public static bool CanRun(string folder)
    {
        if (!AnvilSettings.IsInstalled)
            return false;
        var file = new AnvilSettings(ChainIn(folder)).StateFile;
        if (!File.Exists(file) || IsWhole(file))
            return true;
        Console.Error.WriteLine(
            $"The network dev-evm is off: a crash came while its chain was written to {file}. "
            + "`make clean` begins anew with everything.");
        return false;
    }

    /// <summary>
    /// What Payments is told besides <see cref="RpcVariable"/>. A network that payments exist on has to stay configured:
    /// where an earlier run had a node and this one has none, the network is there and takes no payments.
    /// </summary>
    public static IReadOnlyDictionary<string, string> VariablesFor(string folder, bool hasNode)
    {
        if (hasNode)
            return Settings;
        if (!Directory.Exists(ChainIn(folder)))
            return new Dictionary<string, string>(StringComparer.Ordinal);
        var disabled = Currencies.ToDictionary(currency => $"{Section}Assets__{currency}__Enabled", _ => "false");
        return Settings.Concat(disabled).Append(new(RpcVariable, NoNode)).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>How the node is run; makes the chain's folder.</summary>
    public static AnvilSettings SettingsIn(string folder)
    {
        var settings = new AnvilSettings(ChainIn(folder))
        {
            IsKept = true,
            BlockTime = TimeSpan.FromSeconds(2),
            // Each is a copy of a list of all blocks, and this chain gets long.
            KeptStates = 16,
        };
        Directory.CreateDirectory(settings.Folder);
        return settings;
    }

    /// <summary>Waits for the node, and deploys the tokens where this is its first start.</summary>
    public static async Task PrepareAsync(string url, CancellationToken cancellationToken)
    {
        using var node = new EvmNode(new Uri(url));
        await node.WaitUntilUpAsync(cancellationToken);
        await DevChain.PrepareAsync(node, cancellationToken);
    }

    private static string ChainIn(string folder) => Path.Combine(folder, "anvil");

    // JSON, to its last character.
    private static bool IsWhole(string file)
    {
        using var stream = File.OpenRead(file);
        if (stream.Length == 0)
            return false;
        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() == '}';
    }
}
