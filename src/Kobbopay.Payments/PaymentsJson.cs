using System.Text.Json.Serialization;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments;

/// <summary>
/// Source-generated JSON of the public API: camelCase, exact times, unknown and repeated fields refused.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(PaymentJson))]
[JsonSerializable(typeof(Page<PaymentJson>), TypeInfoPropertyName = "PaymentPage")]
[JsonSerializable(typeof(Page<ListedTransferJson>), TypeInfoPropertyName = "TransferPage")]
[JsonSerializable(typeof(Page<TimelineStepJson>), TypeInfoPropertyName = "TimelinePage")]
[JsonSerializable(typeof(Page<UnmatchedTransferJson>), TypeInfoPropertyName = "UnmatchedPage")]
[JsonSerializable(typeof(CreatePaymentRequest))]
[JsonSerializable(typeof(CancelRequest))]
[JsonSerializable(typeof(ResolveRequest))]
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class PaymentsJson : JsonSerializerContext;
