using System.Text.Json.Serialization;

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
[JsonSerializable(typeof(CreatePaymentRequest))]
[JsonSerializable(typeof(CancelRequest))]
[JsonSerializable(typeof(ResolveRequest))]
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class PaymentsJson : JsonSerializerContext;
