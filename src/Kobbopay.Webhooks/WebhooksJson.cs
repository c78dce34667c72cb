using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Webhooks.Certification;
using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;
using Kobbopay.Webhooks.Tools;

namespace Kobbopay.Webhooks;

/// <summary>Source-generated JSON of this service's routes; unknown and duplicate fields are refused (contracts.md,
/// section 1).</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(TimeJson)])]
[JsonSerializable(typeof(EndpointRequest))]
[JsonSerializable(typeof(EndpointAnswer))]
[JsonSerializable(typeof(CreatedEndpointAnswer))]
[JsonSerializable(typeof(EmptyRequest))]
[JsonSerializable(typeof(RotateSecretRequest))]
[JsonSerializable(typeof(RotatedEndpointAnswer))]
[JsonSerializable(typeof(Page<EndpointAnswer>), TypeInfoPropertyName = "EndpointPage")]
[JsonSerializable(typeof(DeliveryAnswer))]
[JsonSerializable(typeof(Page<DeliveryAnswer>), TypeInfoPropertyName = "DeliveryPage")]
[JsonSerializable(typeof(Page<AttemptAnswer>), TypeInfoPropertyName = "AttemptPage")]
[JsonSerializable(typeof(EndpointTroubleData))]
[JsonSerializable(typeof(ExplainSignatureRequest))]
[JsonSerializable(typeof(ExplainSignatureAnswer))]
[JsonSerializable(typeof(RedeliverRequest))]
[JsonSerializable(typeof(TestSendRequest))]
[JsonSerializable(typeof(TestEvent))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(ReplayAnswer))]
[JsonSerializable(typeof(CertificationRequest))]
[JsonSerializable(typeof(CertificationAnswer))]
[JsonSerializable(typeof(Page<CertificationAnswer>), TypeInfoPropertyName = "CertificationPage")]
[JsonSerializable(typeof(IReadOnlyList<CheckAnswer>), TypeInfoPropertyName = "Checks")]
[JsonSerializable(typeof(Dictionary<string, string>), TypeInfoPropertyName = "Headers")]
internal sealed partial class WebhooksJson : JsonSerializerContext;

/// <summary>RFC 3339 in UTC with milliseconds (contracts.md, section 1).</summary>
internal sealed class TimeJson : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"));
}
