using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// Decodes the answer of <c>eth_getLogs</c> straight from its bytes: a busy chain has thousands of logs a second, and
/// all that is kept of one is what <see cref="EvmLog"/> holds.
/// </summary>
internal static class TransferReader
{
    /// <summary>Keccak-256 of <c>Transfer(address,address,uint256)</c>.</summary>
    public const string Topic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

    /// <summary>A log's usual length, to begin with a list that is long enough.</summary>
    private const int UsualLength = 600;

    private const int AddressStart = 2 + HexText.WordDigits - HexText.AddressDigits;

    /// <summary>
    /// The transfers among the logs. An ERC-721 token's event has the same first topic and a fourth one: it and all
    /// else that is not exactly an ERC-20 transfer is left out.
    /// </summary>
    /// <exception cref="FormatException">No list of logs, or one with a log that was taken back.</exception>
    public static List<EvmLog> Read(ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            throw new FormatException("no list of logs");
        var transfers = new List<EvmLog>(answer.Length / UsualLength);
        var texts = new TextCache();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var log = ReadOne(ref reader);
            if (log.IsRemoved)
                throw new FormatException("a log that was taken back");
            if (log.IsTransfer)
                transfers.Add(log.Decode(texts));
        }

        return reader.TokenType == JsonTokenType.EndArray
            ? transfers
            : throw new FormatException("a log that is none");
    }

    private static RawLog ReadOne(ref Utf8JsonReader reader)
    {
        var log = default(RawLog);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("topics"u8))
                log.ReadTopics(ref reader);
            else if (name.SequenceEqual("removed"u8))
                log.IsRemoved = reader.TokenType == JsonTokenType.True;
            else if (reader.TokenType == JsonTokenType.String)
                log.Take(name, reader.ValueSpan);
            else
                reader.Skip();
        }

        return log;
    }

    /// <summary>A log's texts where they stand in the answer; empty where it lacks one.</summary>
    private ref struct RawLog
    {
        private ReadOnlySpan<byte> _contract;
        private ReadOnlySpan<byte> _data;
        private ReadOnlySpan<byte> _blockHash;
        private ReadOnlySpan<byte> _blockNumber;
        private ReadOnlySpan<byte> _txHash;
        private ReadOnlySpan<byte> _txIndex;
        private ReadOnlySpan<byte> _logIndex;
        private ReadOnlySpan<byte> _event;
        private ReadOnlySpan<byte> _from;
        private ReadOnlySpan<byte> _to;
        private int _topics;

        public bool IsRemoved { get; set; }

        public readonly bool IsTransfer =>
            _topics == 3
            && HexText.Is(_data, HexText.WordDigits)
            && _event.SequenceEqual("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"u8)
            && IsAddress(_from)
            && IsAddress(_to);

        public void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            if (name.SequenceEqual("address"u8))
                _contract = value;
            else if (name.SequenceEqual("data"u8))
                _data = value;
            else if (name.SequenceEqual("blockHash"u8))
                _blockHash = value;
            else if (name.SequenceEqual("blockNumber"u8))
                _blockNumber = value;
            else if (name.SequenceEqual("transactionHash"u8))
                _txHash = value;
            else if (name.SequenceEqual("transactionIndex"u8))
                _txIndex = value;
            else if (name.SequenceEqual("logIndex"u8))
                _logIndex = value;
        }

        public void ReadTopics(scoped ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
                throw new FormatException("a log without topics");
            while (reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                if (_topics == 0)
                    _event = reader.ValueSpan;
                else if (_topics == 1)
                    _from = reader.ValueSpan;
                else if (_topics == 2)
                    _to = reader.ValueSpan;
                _topics++;
            }

            if (reader.TokenType != JsonTokenType.EndArray)
                throw new FormatException("a topic that is none");
        }

        public readonly EvmLog Decode(TextCache texts)
        {
            if (!HexText.Is(_contract, HexText.AddressDigits)
                || !HexText.Is(_blockHash, HexText.WordDigits)
                || !HexText.Is(_txHash, HexText.WordDigits))
            {
                throw new FormatException("a log that does not say where it stands");
            }

            return new EvmLog(
                texts.Lower(_contract),
                texts.Lower(_blockHash),
                HexText.Long(_blockNumber),
                texts.Lower(_txHash),
                HexText.Int(_txIndex),
                HexText.Int(_logIndex),
                AddressIn(_from, texts),
                AddressIn(_to, texts),
                HexText.Big(_data),
                Removed: false);
        }

        private static bool IsAddress(ReadOnlySpan<byte> topic) =>
            HexText.Is(topic, HexText.WordDigits) && !topic[2..AddressStart].ContainsAnyExcept((byte)'0');

        private static string AddressIn(ReadOnlySpan<byte> topic, TextCache texts)
        {
            Span<byte> address = stackalloc byte[2 + HexText.AddressDigits];
            "0x"u8.CopyTo(address);
            topic[AddressStart..].CopyTo(address[2..]);
            return texts.Lower(address);
        }
    }
}
