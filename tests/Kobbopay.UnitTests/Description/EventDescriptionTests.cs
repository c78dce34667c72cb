using System.Text.Json.Nodes;
using Kobbopay.Payments.Events;

namespace Kobbopay.UnitTests.Description;

/// <summary>Events are bytes, and their description is a type of its own: here they meet.</summary>
public sealed class EventDescriptionTests(DescribedServices services) : IClassFixture<DescribedServices>
{
    private static readonly PendingEventRow Reverted = new(
        Position: 1, Guid.Empty, Guid.Empty, "test", "payment.reverted", "payment",
        new PendingPayment(Guid.Empty, "order-1", 3, "Pending", "Paid", [], null, "old", "new"),
        DateTimeOffset.UnixEpoch, "{}"u8.ToArray(), TraceParent: null, ExceptEndpointId: null, KeyId: null);

    [Fact]
    public void An_event_of_a_payment_has_the_fields_that_are_described()
    {
        var sent = JsonNode.Parse(SequencedEvent.From(Reverted, sequence: 7).Body)!;

        FieldsOf("Event").Should().BeEquivalentTo(NamesOf(sent));
        FieldsOf("EventData").Should().BeEquivalentTo(NamesOf(sent["data"]!));
        FieldsOf("EventReorg").Should().BeEquivalentTo(NamesOf(sent["data"]!["reorg"]!));
    }

    [Fact]
    public void An_event_of_another_object_has_those_at_least_that_every_event_must_have()
    {
        var sent = SequencedEvent.From(
            Reverted with { Type = "api_key.misused", Object = "api_key", Payment = null }, sequence: 7);

        SchemaOf("Event")["required"]!.AsArray().Select(name => (string)name!)
            .Should().BeEquivalentTo(NamesOf(JsonNode.Parse(sent.Body)!));
    }

    private static IEnumerable<string> NamesOf(JsonNode node) => node.AsObject().Select(field => field.Key);

    private IEnumerable<string> FieldsOf(string schema) => NamesOf(SchemaOf(schema)["properties"]!);

    private JsonNode SchemaOf(string name) => services.Json["components"]!["schemas"]![name]!;
}
