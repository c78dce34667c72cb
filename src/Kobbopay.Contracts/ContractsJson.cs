using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kobbopay.Contracts;

/// <summary>Source-generated JSON of everything that travels between services, outbox rows included.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PaymentChanged))]
[JsonSerializable(typeof(PaymentsChanged))]
[JsonSerializable(typeof(PaymentProgressed))]
[JsonSerializable(typeof(MerchantEventRequested))]
[JsonSerializable(typeof(SandboxClockAdvanced))]
[JsonSerializable(typeof(ApiKeyChanged))]
[JsonSerializable(typeof(ApiKeyActivity))]
[JsonSerializable(typeof(AuditRecorded))]
[JsonSerializable(typeof(ReceiverCertified))]
[JsonSerializable(typeof(FirstEndpoint))]
[JsonSerializable(typeof(PublicPayment))]
[JsonSerializable(typeof(ApiKeyDescription))]
[JsonSerializable(typeof(EventRange))]
[JsonSerializable(typeof(EventHeads))]
[JsonSerializable(typeof(WebhookUrlVerdict))]
public sealed partial class ContractsJson : JsonSerializerContext;
