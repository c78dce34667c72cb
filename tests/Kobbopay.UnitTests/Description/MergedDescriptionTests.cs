using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.Gateway.Docs;

namespace Kobbopay.UnitTests.Description;

public sealed class MergedDescriptionTests
{
    private const string Payments = """
        {"openapi":"3.1.1","info":{"title":"Kobbopay","version":"v1"},"servers":[{"url":"http://payments"}],
         "paths":{"/v1/rails":{"get":{}},"/v1/events":{"get":{}}},"tags":[{"name":"Rails"},{"name":"Events"}],
         "components":{"schemas":{"Rail":{"type":"object"},"Problem":{"type":"object"}}}}
        """;

    private const string Webhooks = """
        {"openapi":"3.1.1","info":{"title":"Kobbopay","version":"v1"},
         "paths":{"/v1/a":{"get":{}}},"tags":[{"name":"Events"}],
         "components":{"schemas":{"Problem":{"type":"object"}},"securitySchemes":{"apiKey":{"type":"apiKey"}}}}
        """;

    [Fact]
    public void All_paths_tags_and_components_are_in_it_once_and_in_order()
    {
        var merged = Merge(Payments, Webhooks);

        merged.Conflicts.Should().BeEmpty();
        JsonNode.Parse(merged.Bytes)!.ToJsonString().Should().Be(JsonNode.Parse("""
            {"openapi":"3.1.1","info":{"title":"Kobbopay","version":"v1"},"servers":[{"url":"/"}],
             "paths":{"/v1/a":{"get":{}},"/v1/events":{"get":{}},"/v1/rails":{"get":{}}},
             "components":{"schemas":{"Problem":{"type":"object"},"Rail":{"type":"object"}},
              "securitySchemes":{"apiKey":{"type":"apiKey"}}},
             "tags":[{"name":"Events"},{"name":"Rails"}]}
            """)!.ToJsonString());
    }

    [Fact]
    public void Events_that_are_described_are_described_as_webhooks_and_known_operations_get_their_examples()
    {
        const string WithEvents = """
            {"openapi":"3.1.1","info":{},"components":{"schemas":{"Event":{"type":"object"}}},
             "paths":{"/v1/sandbox/clock":{"get":{"operationId":"getSandboxClock","responses":{"200":{
              "content":{"application/json":{}}}}}}}}
            """;

        var merged = JsonNode.Parse(Merge(WithEvents).Bytes)!;

        merged["webhooks"]!["payment.paid"]!["post"]!["operationId"]!.GetValue<string>()
            .Should().Be("receivePaymentPaid");
        merged["paths"]!["/v1/sandbox/clock"]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!
            ["example"]!["offsetSeconds"].Should().NotBeNull();
    }

    [Fact]
    public void Two_things_of_one_name_are_a_conflict_that_the_first_wins()
    {
        var merged = Merge(
            Payments, Webhooks.Replace(
                """
                "Problem":{"type":"object"}
                """,
                """
                "Problem":{"type":"string"}
                """,
                StringComparison.Ordinal));

        merged.Conflicts.Should().Equal("components/schemas/Problem");
        ((string?)JsonNode.Parse(merged.Bytes)!["components"]!["schemas"]!["Problem"]!["type"]).Should().Be("object");
    }

    [Fact]
    public void The_ETag_is_of_the_content_alone()
    {
        Merge(Payments, Webhooks).ETag.Should().Be(Merge(Payments, Webhooks).ETag);
        Merge(Payments).ETag.Should().NotBe(Merge(Payments, Webhooks).ETag);
    }

    private static MergedDescription Merge(params string[] services) =>
        new(services.Select(service => JsonNode.Parse(Encoding.UTF8.GetBytes(service))!));
}
