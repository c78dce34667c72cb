using System.Text;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Payments;
using Kobbopay.Webhooks.Certification;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class CertificationEventTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_payment_of_a_certification_has_every_field_of_a_real_one_and_no_other(int version)
    {
        var payment = KobbopayEvent.Parse(Make(version).Body).Data.GetProperty("payment");

        // Unknown fields are refused, and a missing one would be null and written.
        var read = payment.Deserialize(PaymentsJson.Relaxed.PaymentJson)!;
        JsonSerializer.Serialize(read, PaymentsJson.Relaxed.PaymentJson).Should().Be(payment.GetRawText());
    }

    [Fact]
    public void An_altered_event_differs_in_its_amounts_alone_and_not_in_length()
    {
        var sample = Make(2);

        var altered = Encoding.UTF8.GetString(sample.Altered().Body);

        altered.Should().HaveLength(sample.Body.Length).And.Contain("\"amount\":\"99.5\"");
        altered.Replace("\"amount\":\"99.5\"", "\"amount\":\"10.5\"", StringComparison.Ordinal)
            .Should().Be(Encoding.UTF8.GetString(sample.Body));
    }

    private static SampleEvent Make(int version) => SampleEvent.Make(Id.New(Now), version, "certification-crt_1", Now);
}
