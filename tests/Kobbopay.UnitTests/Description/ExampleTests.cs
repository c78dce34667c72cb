using System.Text.Json.Nodes;
using Kobbopay.Client;
using Kobbopay.Contracts;

namespace Kobbopay.UnitTests.Description;

/// <summary>
/// docs/examples.json is complete and has nothing that is not described; <see cref="LintTests"/> hold each example
/// against its schema.
/// </summary>
public sealed class ExampleTests(DescribedServices services) : IClassFixture<DescribedServices>
{
    private static readonly JsonNode Examples =
        JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryTests.Root, "docs", "examples.json")))!;

    private IEnumerable<JsonNode> Operations => services.Json["paths"]!.AsObject()
        .SelectMany(path => path.Value!.AsObject()).Select(operation => operation.Value!);

    [Fact]
    public void Every_body_and_every_success_in_JSON_has_an_example()
    {
        var bare =
            from operation in Operations
            from place in operation["responses"]!.AsObject().Where(response => response.Key[0] == '2')
                .Append(new("requestBody", operation["requestBody"]))
            where place.Value?["content"]?["application/json"] is { } media && media["example"] is null
            select $"{operation["operationId"]} {place.Key}";

        bare.Should().BeEmpty();
    }

    [Fact]
    public void Every_example_is_shown()
    {
        var shown =
            from operation in Operations
            from place in operation["responses"]!.AsObject().Append(new("request", operation["requestBody"]))
            from media in place.Value?["content"]?.AsObject() ?? []
            where media.Value!["example"] is not null
            select $"{operation["operationId"]} {place.Key}";
        var kept =
            from operation in Examples["operations"]!.AsObject()
            from example in operation.Value!.AsObject()
            select $"{operation.Key} {example.Key}";

        kept.Should().BeEquivalentTo(shown);
    }

    [Fact]
    public void Every_type_of_event_is_a_webhook_with_an_example_of_its_type()
    {
        var webhooks = services.Json["webhooks"]!.AsObject();

        webhooks.Select(webhook => webhook.Key).Should().BeEquivalentTo([.. EventTypes.All, EventTypes.WebhookTest]);
        foreach (var (type, webhook) in webhooks)
        {
            var media = webhook!["post"]!["requestBody"]!["content"]!["application/json"]!;
            ((string?)media["example"]!["type"]).Should().Be(type);
            ((string?)media["example"]!["object"]).Should().Be(EventTypes.ObjectOf(type));
        }

        Examples["events"]!.AsObject().Select(example => example.Key)
            .Should().BeEquivalentTo(webhooks.Select(webhook => webhook.Key));
    }

    [Fact]
    public void A_webhook_has_the_headers_that_are_always_sent()
    {
        var sent = WebhookSignature.Sign(
                "evt_1", DateTimeOffset.UnixEpoch, "{}"u8, WebhookSecret.Create(), bodySignature: false)
            .Select(header => header.Key).Append(WebhookHeaders.DeliveryId);

        foreach (var (_, webhook) in services.Json["webhooks"]!.AsObject())
        {
            webhook!["post"]!["parameters"]!.AsArray().Select(header => (string)header!["name"]!)
                .Should().BeEquivalentTo(sent);
        }
    }

    [Fact]
    public void Examples_have_no_key_secret_or_address_of_a_machine()
    {
        var text = Examples.ToJsonString();

        text.Should().NotMatchRegex("kp_(test|live)_[0-9a-z]{8}").And.NotMatchRegex("whsec_[A-Za-z0-9+/]{8}")
            .And.NotContain("127.0.0.1").And.NotContain("localhost");
    }
}
