using System.Text.Json;

namespace Kobbopay.LocalServers.Evm;

/// <summary>
/// The contracts of Evm/contracts/Contracts.sol, compiled: for tests and the developer's own chain.
/// </summary>
public static class EvmContracts
{
    private static readonly Lazy<JsonDocument> Compiled = new(Read);

    /// <summary>The data of the transaction that deploys the contract.</summary>
    public static string Creation(string contract, params IReadOnlyCollection<AbiValue> arguments) =>
        "0x" + Part(contract, "bytecode").GetString() + Abi.Encode(arguments);

    /// <summary>The data of a call: <c>Call("TestToken", "transfer(address,uint256)", ...)</c>.</summary>
    public static string Call(string contract, string function, params IReadOnlyCollection<AbiValue> arguments) =>
        "0x" + Part(contract, "selectors").GetProperty(function).GetString() + Abi.Encode(arguments);

    private static JsonElement Part(string contract, string name) =>
        Compiled.Value.RootElement.GetProperty(contract).GetProperty(name);

    private static JsonDocument Read()
    {
        using var stream = typeof(EvmContracts).Assembly.GetManifestResourceStream("contracts.json")!;
        return JsonDocument.Parse(stream);
    }
}
