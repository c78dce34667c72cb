using System.Text;
using System.Text.Json.Serialization;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.UnitTests.Defaults;

/// <summary>
/// 400 for what is not JSON, 422 with a pointer for what is JSON and not the request (contracts.md, section 1).
/// </summary>
public sealed class JsonBodyTests
{
    [Fact]
    public async Task The_value_comes_with_its_exact_bytes()
    {
        const string text = """{ "name":"a",  "metadata": {"k":"v"}, "items": [ {"count": 1} ] }""";

        var body = await ReadAsync(text);

        body.Value.Should().BeEquivalentTo(new Sample
        {
            Name = "a",
            Metadata = new Dictionary<string, string> { ["k"] = "v" },
            Items = [new SampleItem { Count = 1 }],
        });
        Encoding.UTF8.GetString(body.Bytes.Span).Should().Be(text);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("  ", "not valid JSON")]
    [InlineData("{", "line 1, byte 2")]
    [InlineData("{\"name\": \"a\",\n \"count\": }", "line 2")]
    [InlineData("{\"name\": \"a\",}", "not valid JSON")]
    [InlineData("{'name': 1}", "not valid JSON")]
    [InlineData("{} {}", "not valid JSON")]
    [InlineData("{\"name\": NaN}", "not valid JSON")]
    [InlineData("{\"name\": \"\\ud800\"}", "not valid Unicode")]
    [InlineData("{\"a\": // comment\n 1}", "not valid JSON")]
    public async Task What_is_not_JSON_is_400_and_says_where(string text, string detail)
    {
        var refusal = await RefusedAsync(text);

        refusal.Code.Should().Be(ProblemCodes.InvalidJson);
        refusal.Message.Should().Contain(detail);
        refusal.Errors.Should().BeNull();
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_400()
    {
        byte[] bytes = [.. "{\"name\": \""u8, 0xC3, 0x28, .. "\"}"u8];

        (await RefusedAsync(bytes)).Code.Should().Be(ProblemCodes.InvalidJson);
    }

    [Fact]
    public async Task A_JSON_bomb_of_depth_is_400()
    {
        (await RefusedAsync(new string('[', 60_000))).Code.Should().Be(ProblemCodes.InvalidJson);
    }

    [Theory]
    [InlineData("""{"name": "a", "colour": 1}""", "/colour", "unknown_field")]
    [InlineData("""{"Name": "a"}""", "/Name", "unknown_field")]
    [InlineData("""{"items": [{"count": 1}, {"size": 1}]}""", "/items/1/size", "unknown_field")]
    [InlineData("""{"a b": 1}""", "/a b", "unknown_field")]
    [InlineData("""{"a/b~c": 1}""", "/a~1b~0c", "unknown_field")]
    [InlineData("""{"name": 1}""", "/name", "wrong_type")]
    [InlineData("""{"name": {"a": "b"}}""", "/name", "wrong_type")]
    [InlineData("""{"items": {}}""", "/items", "wrong_type")]
    [InlineData("""{"items": [{"count": 1}, {"count": "one"}]}""", "/items/1/count", "wrong_type")]
    [InlineData("""{"items": [{"count": 1e400}]}""", "/items/0/count", "wrong_type")]
    [InlineData("""{"metadata": {"order.no": 1}}""", "/metadata/order.no", "wrong_type")]
    [InlineData("""{"name": "a", "name": "b"}""", "/name", "duplicate_field")]
    public async Task A_field_that_does_not_fit_is_422_and_pointed_to(string text, string pointer, string code)
    {
        var refusal = await RefusedAsync(text);

        refusal.Code.Should().Be(ProblemCodes.InvalidRequest);
        refusal.Errors.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Pointer = pointer, Code = code });
        refusal.Message.Should().StartWith(pointer).And.NotContain("Kobbopay").And.NotContain("System.");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"a\"")]
    [InlineData("1")]
    public async Task A_body_that_is_no_object_is_422(string text)
    {
        (await RefusedAsync(text)).Code.Should().Be(ProblemCodes.InvalidRequest);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Another_media_type_is_415(string? contentType)
    {
        var refusal = await Awaiting(() => ReadAsync("{}"u8.ToArray(), contentType));

        refusal.Code.Should().Be(ProblemCodes.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/merge-patch+json")]
    public async Task JSON_by_another_of_its_names_is_taken(string contentType)
    {
        (await ReadAsync("{}"u8.ToArray(), contentType)).Value.Should().BeEquivalentTo(new Sample());
    }

    private static Task<ProblemException> RefusedAsync(string text) => RefusedAsync(Encoding.UTF8.GetBytes(text));

    private static Task<ProblemException> RefusedAsync(byte[] bytes) =>
        Awaiting(() => ReadAsync(bytes, "application/json"));

    private static Task<JsonBody<Sample>> ReadAsync(string text) =>
        ReadAsync(Encoding.UTF8.GetBytes(text), "application/json");

    private static async Task<ProblemException> Awaiting(Func<Task> read) =>
        (await read.Should().ThrowExactlyAsync<ProblemException>()).Which;

    private static Task<JsonBody<Sample>> ReadAsync(byte[] bytes, string? contentType)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(bytes);
        http.Request.ContentType = contentType;
        return JsonBody.ReadAsync(http, SampleJson.Default.Sample, TestContext.Current.CancellationToken);
    }
}

internal sealed record Sample
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Metadata { get; init; }

    public List<SampleItem>? Items { get; init; }
}

internal sealed record SampleItem
{
    public int? Count { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(Sample))]
internal sealed partial class SampleJson : JsonSerializerContext;
