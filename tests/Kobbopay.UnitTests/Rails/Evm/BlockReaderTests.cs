using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.Payments.Rails.Evm.Rpc;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class BlockReaderTests
{
    private static readonly string Hash = "0x" + new string('a', 64);
    private static readonly string Parent = "0x" + new string('b', 64);
    private static readonly string TxHash = "0x" + new string('c', 64);

    [Fact]
    public void A_block_is_decoded_with_the_transactions_that_move_something()
    {
        var block = Block(Transaction("0xde0b6b3a7640000"), Transaction("0x0"), Transaction("0x1", to: null));

        var read = Read(block, withTransactions: true)!;

        read.Should().BeEquivalentTo(new EvmBlock(
            0x20, Hash, Parent, DateTimeOffset.FromUnixTimeSeconds(1_800_000_000),
            [
                new EvmTransaction(TxHash, 3, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", BigInteger.Pow(10, 18)),
                new EvmTransaction(TxHash, 3, null, 1),
            ]));
    }

    [Fact]
    public void Without_transactions_their_hashes_are_passed_over()
    {
        var block = Block();
        block["transactions"] = new JsonArray(TxHash, TxHash);

        Read(block, withTransactions: false)!.Transactions.Should().BeEmpty();
    }

    [Fact]
    public void Nothing_is_a_block_that_is_not_there() =>
        BlockReader.Read("null"u8, withTransactions: true).Should().BeNull();

    [Theory]
    [InlineData("number")]
    [InlineData("hash")]
    [InlineData("parentHash")]
    [InlineData("timestamp")]
    [InlineData("transactions")]
    public void A_block_that_lacks_something_is_refused(string field)
    {
        var (without, pending) = (Block(), Block());
        without.Remove(field);
        pending[field] = null;

        foreach (var block in new[] { without, pending })
        {
            var reading = () => Read(block, withTransactions: true);
            reading.Should().Throw<FormatException>();
        }
    }

    [Fact]
    public void Hashes_where_transactions_were_asked_for_are_refused()
    {
        var block = Block();
        block["transactions"] = new JsonArray(TxHash);
        var reading = () => Read(block, withTransactions: true);

        reading.Should().Throw<FormatException>();
    }

    [Fact]
    public void A_time_beyond_all_times_is_refused()
    {
        var block = Block();
        block["timestamp"] = "0x7fffffffffffffff";
        var reading = () => Read(block, withTransactions: true);

        reading.Should().Throw<FormatException>();
    }

    [Theory]
    [InlineData("0x1", true)]
    [InlineData("0x0", false)]
    public void A_receipt_says_whether_its_transaction_succeeded(string status, bool succeeded)
    {
        Success(TxHash, status).Should().Be(succeeded);
    }

    [Fact]
    public void A_receipt_of_another_transaction_or_without_a_status_is_refused()
    {
        Action[] readings =
        [
            () => Success(Hash, "0x1"),
            () => Success(TxHash, null),
            () => BlockReader.ReadSuccess("null"u8, TxHash),
            () => BlockReader.ReadSuccess("[]"u8, TxHash),
        ];

        foreach (var reading in readings)
            reading.Should().Throw<FormatException>();
    }

    private static bool Success(string hash, string? status) => BlockReader.ReadSuccess(
        Encoding.UTF8.GetBytes(new JsonObject
        {
            ["logs"] = new JsonArray(new JsonObject { ["status"] = "0x7" }),
            ["status"] = status,
            ["transactionHash"] = hash,
        }.ToJsonString()),
        TxHash);

    private static EvmBlock? Read(JsonObject block, bool withTransactions) =>
        BlockReader.Read(Encoding.UTF8.GetBytes(block.ToJsonString()), withTransactions);

    private static JsonObject Block(params JsonNode[] transactions) => new()
    {
        ["difficulty"] = "0x0",
        ["hash"] = Hash.ToUpperInvariant().Replace("0X", "0x", StringComparison.Ordinal),
        ["number"] = "0x20",
        ["parentHash"] = Parent,
        ["timestamp"] = "0x6b49d200",
        ["transactions"] = new JsonArray(transactions),
        ["withdrawals"] = new JsonArray(new JsonObject { ["hash"] = "0x1" }),
    };

    private static JsonObject Transaction(
        string value, string? to = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266") => new()
        {
            ["accessList"] = new JsonArray(new JsonObject { ["value"] = "0x9" }),
            ["hash"] = TxHash,
            ["to"] = to,
            ["transactionIndex"] = "0x3",
            ["value"] = value,
        };
}
