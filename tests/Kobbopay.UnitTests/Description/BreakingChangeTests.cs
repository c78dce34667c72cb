using System.Text.Json.Nodes;

namespace Kobbopay.UnitTests.Description;

/// <summary>
/// docs/openapi.published.txt is what callers were ever promised, a sentence a line (<see cref="ApiFacts"/>); the
/// description may say more, never less.
/// </summary>
public sealed class BreakingChangeTests
{
    private const string WriteVariable = "KOBBOPAY_WRITE_PUBLISHED";
    private const string Published = "docs/openapi.published.txt";

    private const string Create = "/paths/~1v1~1payments/post";
    private const string List = "/paths/~1v1~1payments/get";
    private const string Payment = "/components/schemas/Payment";
    private const string Json = "content/application~1json";
    private const string Request = "/components/schemas/CreatePaymentRequest";

    private static string Page => File.ReadAllText(Path.Combine(RepositoryTests.Root, "docs", "openapi.json"));

    [Fact]
    public void Nothing_that_was_promised_is_taken_back()
    {
        RepositoryTests.LinesOf(Published).Except(ApiFacts.Of(JsonNode.Parse(Page)!)).Should().BeEmpty(
            "callers rely on it: add beside it, and leave it as it is");
    }

    [Fact]
    public async Task Everything_that_is_described_is_promised()
    {
        var facts = ApiFacts.Of(JsonNode.Parse(Page)!);
        var known = RepositoryTests.LinesOf(Published);
        if (Environment.GetEnvironmentVariable(WriteVariable) is not null)
        {
            known = [.. known.Union(facts).Order(StringComparer.Ordinal)];
            await File.WriteAllTextAsync(
                Path.Combine(RepositoryTests.Root, Published), string.Concat(known.Select(fact => $"{fact}\n")),
                TestContext.Current.CancellationToken);
        }

        facts.Except(known).Should().BeEmpty(
            $"they are missing in {Published}; run this test with {WriteVariable}=1 to promise them for good");
        known.Should().BeInAscendingOrder(StringComparer.Ordinal).And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("a path", "/paths/~1v1~1payments", null)]
    [InlineData("a method", List, null)]
    [InlineData("the name of an operation", $"{Create}/operationId", "\"makePayment\"")]
    [InlineData("another scope", $"{Create}/x-kobbopay-scope", "\"payments:admin\"")]
    [InlineData(
        "a key where there was none", "/paths/~1v1~1public~1payments~1{token}/get/security", "[{\"apiKey\":[]}]")]
    [InlineData("a parameter", $"{List}/parameters/0", null)]
    [InlineData("a parameter that must be given", $"{List}/parameters/0/required", "true")]
    [InlineData("a parameter of another type", "/components/parameters/IdempotencyKey/schema/type", "\"integer\"")]
    [InlineData("a success", $"{Create}/responses/201", null)]
    [InlineData("another success", $"{Create}/responses/201/{Json}/schema/$ref", "\"#/components/schemas/Rail\"")]
    [InlineData("a field of an answer", $"{Payment}/properties/status", null)]
    [InlineData("a field of another type", $"{Payment}/properties/version/type", "\"string\"")]
    [InlineData("a field that may be null", $"{Payment}/properties/status/type", "[\"null\",\"string\"]")]
    [InlineData("a field that may be missing", $"{Payment}/required", "[\"payment_id\"]")]
    [InlineData("a field deep inside", "/components/schemas/Fulfilment/properties/decision", null)]
    [InlineData("a problem code", "/components/schemas/Problem/properties/code/enum/3", null)]
    [InlineData("a field of a body", $"{Request}/properties/metadata", null)]
    [InlineData(
        "a field that is required now", $"{Request}/required",
        "[\"amount\",\"currency\",\"network\",\"orderId\",\"description\"]")]
    [InlineData("a type that is no longer taken", "/components/schemas/DecimalText/type", "\"string\"")]
    [InlineData(
        "a field that an operation requires now",
        $"/paths/~1v1~1webhook-endpoints/post/requestBody/{Json}/schema/allOf/1/required/-",
        "\"rateLimit\"")]
    [InlineData(
        "a body that is required now", "/paths/~1v1~1sandbox~1payments~1{paymentId}~1pay/post/requestBody/required",
        "true")]
    [InlineData("an event", "/webhooks/payment.paid", null)]
    [InlineData("a field of an event", "/components/schemas/Event/properties/sequence", null)]
    [InlineData(
        "a field of an event's data",
        $"/webhooks/api_key.misused/post/requestBody/{Json}/schema/allOf/1/properties/data/properties/header",
        null)]
    public void What_breaks_a_caller_is_found(string what, string pointer, string? replacement)
    {
        Lost(pointer, replacement).Should().NotBeEmpty(what);
    }

    [Theory]
    [InlineData("a path", "/paths/~1v1~1new", "{\"get\":{\"operationId\":\"new\",\"responses\":{}}}")]
    [InlineData(
        "an optional parameter", $"{List}/parameters/-",
        "{\"in\":\"query\",\"name\":\"new\",\"schema\":{\"type\":\"string\"}}")]
    [InlineData("an optional field of a body", $"{Request}/properties/new", "{\"type\":\"string\"}")]
    [InlineData("a field that is optional now", $"{Request}/required", "[\"amount\",\"currency\",\"network\"]")]
    [InlineData("another type that is taken", $"{Request}/properties/orderId/type", "[\"string\",\"integer\"]")]
    [InlineData("a field of an answer", $"{Payment}/properties/new", "{\"type\":\"string\"}")]
    [InlineData("a problem code", "/components/schemas/Problem/properties/code/enum/-", "\"new_code\"")]
    [InlineData("a status", $"{Create}/responses/202", "{\"description\":\"x\"}")]
    [InlineData(
        "an event", "/webhooks/payment.new",
        "{\"post\":{\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{}}}}}}")]
    [InlineData("other words", $"{Create}/summary", "\"Make a payment\"")]
    [InlineData("another example", $"{Create}/requestBody/{Json}/example", "{}")]
    public void What_is_added_breaks_nobody(string what, string pointer, string replacement)
    {
        Lost(pointer, replacement).Should().BeEmpty(what);
    }

    /// <summary>The sentences that a change takes away.</summary>
    /// <param name="pointer">A JSON pointer; <c>-</c> at its end appends.</param>
    private static IReadOnlyList<string> Lost(string pointer, string? replacement)
    {
        var changed = JsonNode.Parse(Page)!;
        var names = pointer.Split('/')[1..].Select(name => name.Replace("~1", "/").Replace("~0", "~")).ToArray();
        var parent = names[..^1].Aggregate(
            changed, (node, name) => node is JsonArray list ? list[int.Parse(name)]! : node[name]!);
        var value = replacement is null ? null : JsonNode.Parse(replacement);
        if (parent is JsonArray items && names[^1] == "-")
            items.Add(value);
        else if (parent is JsonArray list)
            list.RemoveAt(int.Parse(names[^1]));
        else if (value is null)
            parent.AsObject().Remove(names[^1]).Should().BeTrue(pointer);
        else
            parent[names[^1]] = value;
        return [.. ApiFacts.Of(JsonNode.Parse(Page)!).Except(ApiFacts.Of(changed))];
    }
}
