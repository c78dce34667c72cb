using System.Globalization;
using System.Reflection;

namespace Kobbopay.LocalServers;

/// <summary>
/// How an anvil node is run; <paramref name="Folder"/> is its own. The accounts that it unlocks and funds belong to
/// the test mnemonic, but not to the account that the demo merchant's addresses are derived from: no payment's address
/// has coins of its own before somebody pays.
/// </summary>
public sealed record AnvilSettings(string Folder)
{
    public const int ChainId = 31337;

    /// <summary>Null takes a free one.</summary>
    public int? Port { get; init; }

    /// <summary>Null mines a block for each transaction, at once, and none without.</summary>
    public TimeSpan? BlockTime { get; init; }

    /// <summary>Of a block; null is anvil's own, 30 million.</summary>
    public long? GasLimit { get; init; }

    /// <summary>
    /// How many blocks back balances can be asked for and the chain can be reorganised. Blocks and their logs are all
    /// kept, however many there are.
    /// </summary>
    public int KeptStates { get; init; } = 256;

    /// <summary>
    /// Whether a next start on the same folder finds the same chain: blocks, hashes, logs and balances. Written when
    /// the node is stopped, and every half a minute: a node that is killed comes back as it was then, so up to fifteen
    /// blocks of two seconds are gone, and others take their numbers. To whoever read them that is a reorganisation,
    /// as deep as no real chain's: the blocks were final already.
    /// </summary>
    public bool IsKept { get; init; }

    /// <summary>Called with each line that the node writes: one for each request.</summary>
    public Action<string>? OnLine { get; init; }

    public string StateFile => Path.Combine(Folder, "chain.json");

    /// <summary>Where scripts/install.sh puts the program.</summary>
    public static string Program { get; } = Path.Combine(
        typeof(AnvilSettings).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "AnvilFolder").Value!,
        "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");

    public static bool IsInstalled => File.Exists(Program);

    /// <summary>
    /// The command line. Forks since Prague keep a history of blocks in the state, which makes a block of a chain of
    /// some thousand take 30 ms to mine instead of 0.2 ms. Without a limit on kept states they go to files, and mining
    /// gets slower with each. Two slots in an epoch make a block safe after two more, and final after four.
    /// </summary>
    public string[] ArgumentsFor(int port)
    {
        string[] arguments =
        [
            "--port", Text(port), "--chain-id", Text(ChainId), "--hardfork", "cancun", "--slots-in-an-epoch", "2",
            "--prune-history", Text(KeptStates), "--cache-path", Path.Combine(Folder, "cache"),
            "--derivation-path", "m/44'/60'/9'/0/",
        ];
        if (BlockTime is { } time)
            arguments = [.. arguments, "--block-time", Text(time.TotalSeconds)];
        if (GasLimit is { } limit)
            arguments = [.. arguments, "--gas-limit", Text(limit)];
        return IsKept ? [.. arguments, "--state", StateFile, "--state-interval", "30"] : arguments;
    }

    private static string Text(IFormattable number) => number.ToString(format: null, CultureInfo.InvariantCulture);
}
