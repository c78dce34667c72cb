using System.Text;
using System.Text.Json;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Client;

public sealed class KobbopayEventTests
{
    internal const string Paid = """
        { "id": "evt_1", "type": "payment.paid", "apiVersion": "v1", "environment": "test", "sequence": 1042,
          "createdAt": "2026-01-31T00:00:00.250Z", "object": "payment", "payment_id": "pay_1", "orderId": "Größe-1",
          "version": 2, "status": "Paid", "previousStatus": "Pending", "transition": "Pending->Paid",
          "data": { "payment": { "amount": "10.5" } } }
        """;

    [Fact]
    public void Every_field_of_an_event_is_typed_and_its_bytes_are_kept()
    {
        var bytes = Encoding.UTF8.GetBytes(Paid);

        var read = KobbopayEvent.Parse(bytes);

        read.Should().BeEquivalentTo(
            new
            {
                Id = "evt_1",
                Type = "payment.paid",
                ApiVersion = "v1",
                Environment = "test",
                Sequence = 1042L,
                CreatedAt = new DateTimeOffset(2026, 1, 31, 0, 0, 0, 250, TimeSpan.Zero),
                Object = "payment",
                PaymentId = "pay_1",
                OrderId = "Größe-1",
                Version = 2L,
                Status = "Paid",
                PreviousStatus = "Pending",
                Transition = "Pending->Paid",
            });
        read.Data.GetProperty("payment").GetProperty("amount").GetString().Should().Be("10.5");
        read.Body.ToArray().Should().Equal(bytes);
        read.ToString().Should().Be("payment.paid evt_1");
    }

    [Fact]
    public void An_event_that_is_not_about_a_payment_has_no_payment_fields()
    {
        var read = Parse("""
            {"id":"evt_2","type":"webhook.test","apiVersion":"v1","environment":"live","sequence":null,
             "createdAt":"2026-01-31T00:00:00.000Z","object":"webhook_endpoint","data":{"webhook_endpoint":{}}}
            """);

        read.Should().BeEquivalentTo(new
        {
            Sequence = (long?)null,
            PaymentId = (string?)null,
            OrderId = (string?)null,
            Version = (long?)null,
            Status = (string?)null,
            PreviousStatus = (string?)null,
            Transition = (string?)null,
        });
    }

    [Fact]
    public void New_fields_types_and_statuses_are_taken_as_they_come()
    {
        var read = Parse(Paid
            .Replace("payment.paid", "payment.teleported", StringComparison.Ordinal)
            .Replace("\"Paid\"", "\"Teleported\"", StringComparison.Ordinal)
            .Replace("\"object\"", "\"newField\": {\"a\": [1]}, \"object\"", StringComparison.Ordinal));

        (read.Type, read.Status).Should().Be(("payment.teleported", "Teleported"));
        Encoding.UTF8.GetString(read.Body.Span).Should().Contain("newField");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"id\":")]
    public void What_is_no_event_is_said_to_be_none(string body)
    {
        var parse = () => Parse(body);

        parse.Should().Throw<JsonException>();
    }

    [Theory]
    [InlineData("\"id\"", "\"uid\"")]
    [InlineData("\"evt_1\"", "null")]
    [InlineData("\"evt_1\"", "1")]
    [InlineData("\"data\"", "\"payload\"")]
    [InlineData("2026-01-31T00:00:00.250Z", "yesterday")]
    public void An_event_without_a_field_that_every_event_has_is_none(string text, string instead)
    {
        var parse = () => Parse(Paid.Replace(text, instead, StringComparison.Ordinal));

        parse.Should().Throw<JsonException>();
    }

    private static KobbopayEvent Parse(string body) => KobbopayEvent.Parse(Encoding.UTF8.GetBytes(body));
}
