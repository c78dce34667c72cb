using System.Buffers;
using System.Text;
using System.Text.Json;
using Kobbopay.Payments.Rails.Evm.Rpc;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class RpcAnswersTests
{
    [Fact]
    public void Answers_come_in_any_order_with_their_fields_in_any_order()
    {
        using var answers = Read(
            """[{"result": {"a": [1]}, "id": 8, "jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 7, "result": "0x1"}]""", 2);

        Encoding.UTF8.GetString(answers.ResultOf(0)).Should().Be("\"0x1\"");
        Encoding.UTF8.GetString(answers.ResultOf(1)).Should().Be("""{"a": [1]}""");
    }

    [Fact]
    public void A_call_has_an_error_of_its_own()
    {
        using var answers = Read(
            """[{"id": 8, "error": {"data": {"code": 5}, "code": -1, "message": "no"}}, {"id": 7, "result": null}]""",
            2);

        answers.Refusal.Should().BeNull();
        answers.ErrorOf(0).Should().BeNull();
        answers.ErrorOf(1).Should().Be(new RpcError(-1, "no"));
        Encoding.UTF8.GetString(answers.ResultOf(0)).Should().Be("null");
    }

    [Theory]
    [InlineData("""{"id": 7, "error": {"code": -1, "message": "no batches"}}""", 2)]
    [InlineData("""{"id": null, "error": {"code": -1, "message": "no batches"}}""", 1)]
    [InlineData("""{"error": {"code": -1, "message": "no batches"}}""", 1)]
    [InlineData("""[{"id": null, "error": {"code": -1, "message": "no batches"}}]""", 2)]
    public void An_error_that_is_no_calls_own_refuses_the_request(string answer, int calls)
    {
        using var answers = Read(answer, calls);

        answers.Refusal.Should().Be(new RpcError(-1, "no batches"));
    }

    [Fact]
    public void An_error_may_be_a_text()
    {
        using var answers = Read("""{"id": 7, "error": "rate limit"}""", 1);

        answers.ErrorOf(0).Should().Be(new RpcError(0, "rate limit"));
    }

    [Theory]
    [InlineData("""{"id": 7}""", 1)]
    [InlineData("""{"id": 8, "result": 1}""", 1)]
    [InlineData("""{"id": "7", "result": 1}""", 1)]
    [InlineData("""{"result": 1}""", 1)]
    [InlineData("""[{"id": 7, "result": 1}]""", 1)]
    [InlineData("""{"id": 7, "result": 1}""", 2)]
    [InlineData("""[{"id": 7, "result": 1}]""", 2)]
    [InlineData("""[{"id": 7, "result": 1}, {"id": 7, "result": 1}]""", 2)]
    [InlineData("""[{"id": 7, "result": 1}, {"id": 9, "result": 1}]""", 2)]
    [InlineData("""[{"id": 7, "result": 1}, 8]""", 2)]
    [InlineData("""{"id": 7, "error": 5}""", 1)]
    [InlineData("\"text\"", 1)]
    [InlineData("null", 1)]
    public void What_does_not_answer_the_calls_is_refused(string answer, int calls)
    {
        var reading = () => Read(answer, calls);

        reading.Should().Throw<FormatException>();
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("""{"id": 7, "result": [1, """)]
    [InlineData("""{"id": 7, "result": 1}}""")]
    [InlineData("""{"id": 7, "result": 1} {}""")]
    public void What_is_no_JSON_is_refused(string answer)
    {
        var reading = () => Read(answer, 1);

        reading.Should().Throw<JsonException>();
    }

    private static RpcAnswers Read(string answer, int calls)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        var body = ArrayPool<byte>.Shared.Rent(bytes.Length + 1);
        bytes.CopyTo(body, 0);
        return RpcAnswers.Read(body, bytes.Length, firstId: 7, calls);
    }
}
