using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Payments.Rails.Evm.Rpc;
using Org.BouncyCastle.Crypto.Digests;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class TransferReaderTests
{
    private const string Contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    private static readonly string BlockHash = "0x" + new string('b', 64);
    private static readonly string TxHash = "0x" + new string('c', 64);
    private static readonly string From = Topic(new string('1', 40));
    private static readonly string To = Topic("F39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    private static readonly string Data = "0x" + "17d7840".PadLeft(64, '0');

    [Fact]
    public void The_topic_is_the_hash_of_the_event()
    {
        var digest = new KeccakDigest(256);
        digest.BlockUpdate("Transfer(address,address,uint256)"u8);
        var hash = new byte[32];
        digest.DoFinal(hash);

        TransferReader.Topic.Should().Be("0x" + Convert.ToHexStringLower(hash));
    }

    [Fact]
    public void A_transfer_is_decoded_and_its_names_are_lower_case()
    {
        Read(Log()).Should().Equal(new EvmLog(
            Contract.ToLowerInvariant(), BlockHash, 0x10, TxHash, 2, 5, "0x" + new string('1', 40),
            "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", 25_000_000, Removed: false));
    }

    [Fact]
    public void The_order_of_the_fields_and_fields_that_are_not_known_do_not_matter()
    {
        var log = Log();
        var other = new JsonObject { ["extra"] = new JsonObject { ["topics"] = new JsonArray("0x1") } };
        foreach (var (name, value) in log.Reverse())
            other[name] = value?.DeepClone();

        Read(other).Should().Equal(Read(log));
    }

    [Fact]
    public void The_greatest_amount_is_exact()
    {
        Read(Log(data: "0x" + new string('f', 64))).Single().Amount.Should().Be(BigInteger.Pow(2, 256) - 1);
    }

    [Fact]
    public void The_transfer_of_an_ERC_721_token_is_none()
    {
        Read(Log(topics: [TransferReader.Topic, From, To, Topic(new string('7', 40))], data: "0x")).Should().BeEmpty();
        Read(Log(topics: [TransferReader.Topic, From, To, Topic(new string('7', 40))])).Should().BeEmpty();
    }

    [Theory]
    [InlineData("0x")]
    [InlineData("0x1")]
    [InlineData("")]
    [InlineData("0x17d784000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0x000000000000000000000000000000000000000000000000000000000017d784g")]
    public void Data_that_is_not_one_word_is_no_transfers(string data)
    {
        Read(Log(data: data)).Should().BeEmpty();
    }

    [Fact]
    public void Topics_that_are_not_those_of_a_transfer_are_left_out()
    {
        Read(Log(topics: [])).Should().BeEmpty();
        Read(Log(topics: [TransferReader.Topic])).Should().BeEmpty();
        Read(Log(topics: [TransferReader.Topic, From])).Should().BeEmpty();
        Read(Log(topics: ["0x" + new string('d', 64), From, To])).Should().BeEmpty();
        Read(Log(topics: [TransferReader.Topic, From, "0x" + new string('2', 64)])).Should().BeEmpty(
            "no address has 32 bytes");
    }

    [Fact]
    public void A_strange_log_does_not_hide_its_neighbours()
    {
        Read(Log(data: "0x"), Log(), Log(topics: []), Log()).Should().HaveCount(2);
    }

    [Fact]
    public void Equal_names_are_one_string()
    {
        var logs = Read(Log(), Log());

        logs[1].Contract.Should().BeSameAs(logs[0].Contract);
        logs[1].BlockHash.Should().BeSameAs(logs[0].BlockHash);
        logs[1].TxHash.Should().BeSameAs(logs[0].TxHash);
    }

    [Theory]
    [InlineData("address")]
    [InlineData("blockHash")]
    [InlineData("blockNumber")]
    [InlineData("transactionHash")]
    [InlineData("transactionIndex")]
    [InlineData("logIndex")]
    public void A_transfer_without_its_place_is_refused(string field)
    {
        var (without, empty, pending) = (Log(), Log(), Log());
        without.Remove(field);
        empty[field] = "0x";
        pending[field] = null;

        foreach (var log in new[] { without, empty, pending })
            Refused($"[{log.ToJsonString()}]");
    }

    [Fact]
    public void A_log_that_was_taken_back_is_refused()
    {
        var log = Log();
        log["removed"] = true;

        Refused($"[{log.ToJsonString()}]");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"0x\"")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("[{}, []]")]
    [InlineData("[{\"topics\": null}]")]
    [InlineData("[{\"topics\": [1]}]")]
    public void What_is_no_list_of_logs_is_refused(string answer) => Refused(answer);

    [Theory]
    [InlineData("[")]
    [InlineData("[{\"topics\": [")]
    public void What_is_cut_off_is_refused(string answer)
    {
        var reading = () => TransferReader.Read(Encoding.UTF8.GetBytes(answer));

        reading.Should().Throw<JsonException>();
    }

    private static void Refused(string answer)
    {
        var reading = () => TransferReader.Read(Encoding.UTF8.GetBytes(answer));

        reading.Should().Throw<FormatException>();
    }

    private static List<EvmLog> Read(params JsonObject[] logs) =>
        TransferReader.Read(Encoding.UTF8.GetBytes($"[{string.Join(", ", logs.Select(log => log.ToJsonString()))}]"));

    private static string Topic(string address) => "0x" + new string('0', 24) + address;

    private static JsonObject Log(string[]? topics = null, string? data = null) => new()
    {
        ["address"] = Contract,
        ["topics"] = new JsonArray([.. (topics ?? [TransferReader.Topic, From, To]).Select(topic => (JsonNode)topic)]),
        ["data"] = data ?? Data,
        ["blockHash"] = BlockHash,
        ["blockNumber"] = "0x10",
        ["blockTimestamp"] = "0x66aa1f7b",
        ["transactionHash"] = TxHash,
        ["transactionIndex"] = "0x2",
        ["logIndex"] = "0x5",
        ["removed"] = false,
    };
}
