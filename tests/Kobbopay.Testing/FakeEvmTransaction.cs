using System.Numerics;
using System.Security.Cryptography;

namespace Kobbopay.Testing;

/// <summary>A transaction of a <see cref="FakeEvmChain"/>. It keeps its hash when it moves to another block.</summary>
/// <param name="Value">Of the native currency.</param>
public sealed record FakeEvmTransaction(string? To, BigInteger Value, IReadOnlyList<FakeEvmLog> Logs)
{
    private static readonly string Sender = "0x" + new string('9', 40);

    public string Hash { get; init; } = FakeEvmChain.HashOf(Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Its receipt's status; one that fails keeps its value and logs nothing on a real chain.</summary>
    public bool Succeeds { get; init; } = true;

    public static FakeEvmTransaction Native(string to, BigInteger value) => new(to, value, []);

    public static FakeEvmTransaction Token(string contract, string to, BigInteger amount) =>
        Of(FakeEvmLog.Transfer(contract, Sender, to, amount));

    public static FakeEvmTransaction Of(params IReadOnlyList<FakeEvmLog> logs) => new(logs[0].Contract, 0, logs);
}

/// <summary>What a contract logs, as it stands on the wire: any topics, any data.</summary>
public sealed record FakeEvmLog(string Contract, IReadOnlyList<string> Topics, string Data)
{
    /// <summary>Keccak-256 of <c>Transfer(address,address,uint256)</c>.</summary>
    public const string TransferTopic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

    public static FakeEvmLog Transfer(string contract, string from, string to, BigInteger amount) =>
        new(contract, [TransferTopic, Word(from), Word(to)], Word(amount));

    /// <summary>ERC-721: the same first topic, and the token's number as a fourth.</summary>
    public static FakeEvmLog Nft(string contract, string from, string to, BigInteger number) =>
        new(contract, [TransferTopic, Word(from), Word(to), Word(number)], "0x");

    public static string Word(string address) => "0x" + address[2..].ToLowerInvariant().PadLeft(64, '0');

    public static string Word(BigInteger amount) =>
        "0x" + Convert.ToHexStringLower(amount.ToByteArray(isUnsigned: true, isBigEndian: true)).PadLeft(64, '0');
}

/// <summary>A block of a <see cref="FakeEvmChain"/>.</summary>
public sealed record FakeEvmBlock(
    long Number, string Hash, string ParentHash, DateTimeOffset Time, IReadOnlyList<FakeEvmTransaction> Transactions);
