using System.Text.Encodings.Web;
using System.Text.Json;
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
public sealed partial class PaymentsJson : JsonSerializerContext
{
    /// <summary>
    /// The one to use, for snapshots, answers and stored values alike: text stays as it is, so that an event of a
    /// payment with the longest metadata stays below 64 KiB. The content type keeps browsers from taking it for HTML.
    /// </summary>
    public static PaymentsJson Relaxed => Lean.Instance;

    // A class of its own, initialised when the generated options are there.
    private static class Lean
    {
        public static readonly PaymentsJson Instance = new(
            new JsonSerializerOptions(new PaymentsJson().GeneratedSerializerOptions!)
            {
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            });
    }
}
