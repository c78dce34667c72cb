using System.Numerics;
using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>Decodes the answers of <c>eth_getBlockByNumber</c> and <c>eth_getTransactionReceipt</c>.</summary>
internal static class BlockReader
{
    /// <returns>Null for a block that the provider does not have.</returns>
    /// <exception cref="FormatException">No block, or none that has been mined.</exception>
    public static EvmBlock? Read(ReadOnlySpan<byte> answer, bool withTransactions)
    {
        var reader = new Utf8JsonReader(answer);
        if (!reader.Read() || reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("a block that is none");

        ReadOnlySpan<byte> number = default, hash = default, parent = default, time = default;
        List<EvmTransaction>? transactions = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("number"u8))
                number = Text(ref reader);
            else if (name.SequenceEqual("hash"u8))
                hash = Text(ref reader);
            else if (name.SequenceEqual("parentHash"u8))
                parent = Text(ref reader);
            else if (name.SequenceEqual("timestamp"u8))
                time = Text(ref reader);
            else if (withTransactions && name.SequenceEqual("transactions"u8))
                transactions = ReadTransactions(ref reader);
            else
                reader.Skip();
        }

        if (withTransactions && transactions is null)
            throw new FormatException("a block without its transactions");
        return new EvmBlock(HexText.Long(number), Hash(hash), Hash(parent), TimeOf(time), transactions ?? []);
    }

    /// <summary>Whether a receipt's transaction has succeeded.</summary>
    /// <exception cref="FormatException">No receipt, or another transaction's.</exception>
    public static bool ReadSuccess(ReadOnlySpan<byte> answer, string txHash)
    {
        var reader = new Utf8JsonReader(answer);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("a transaction without a receipt");
        ReadOnlySpan<byte> hash = default, status = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("transactionHash"u8))
                hash = Text(ref reader);
            else if (name.SequenceEqual("status"u8))
                status = Text(ref reader);
            else
                reader.Skip();
        }

        return Hash(hash) == txHash
            ? HexText.Long(status) == 1
            : throw new FormatException("another transaction's receipt");
    }

    private static List<EvmTransaction> ReadTransactions(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new FormatException("a block without its transactions");
        var transactions = new List<EvmTransaction>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            if (ReadTransaction(ref reader) is { } moving)
                transactions.Add(moving);
        }

        return reader.TokenType == JsonTokenType.EndArray
            ? transactions
            : throw new FormatException("a transaction that is none");
    }

    private static EvmTransaction? ReadTransaction(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> hash = default, index = default, to = default, value = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("hash"u8))
                hash = Text(ref reader);
            else if (name.SequenceEqual("transactionIndex"u8))
                index = Text(ref reader);
            else if (name.SequenceEqual("to"u8))
                to = Text(ref reader);
            else if (name.SequenceEqual("value"u8))
                value = Text(ref reader);
            else
                reader.Skip();
        }

        // Most transactions call a contract and move nothing else.
        var amount = HexText.Big(value);
        if (amount == BigInteger.Zero)
            return null;
        var recipient = to.IsEmpty ? null
            : HexText.Is(to, HexText.AddressDigits) ? HexText.Lower(to)
            : throw new FormatException("an address is wrong");
        return new EvmTransaction(Hash(hash), HexText.Int(index), recipient, amount);
    }

    /// <summary>Empty for null.</summary>
    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.ValueSpan,
        JsonTokenType.Null => default,
        _ => throw new FormatException("a text is none"),
    };

    private static string Hash(ReadOnlySpan<byte> text) => HexText.Is(text, HexText.WordDigits)
        ? HexText.Lower(text)
        : throw new FormatException("a hash is wrong");

    private static DateTimeOffset TimeOf(ReadOnlySpan<byte> text)
    {
        // The last second of the year 9999.
        const long latest = 253_402_300_799;
        return HexText.Long(text) is var seconds and <= latest
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new FormatException("a time is wrong");
    }
}
