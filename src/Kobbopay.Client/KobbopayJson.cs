using System.Text.Json.Serialization;
using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>
/// How everything is written and read, without reflection. Unknown fields of an answer are passed over; what an answer
/// may leave out is nullable.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Payment))]
[JsonSerializable(typeof(Account))]
[JsonSerializable(typeof(Certification))]
[JsonSerializable(typeof(ExceptionRecord))]
[JsonSerializable(typeof(NewApiKey))]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(PublicStatus))]
[JsonSerializable(typeof(RailList))]
[JsonSerializable(typeof(WebhookEndpoint))]
[JsonSerializable(typeof(WebhookEndpointWithSecret))]
[JsonSerializable(typeof(WebhookReplay))]
[JsonSerializable(typeof(WebhookDelivery))]
[JsonSerializable(typeof(SignatureExplanation))]
[JsonSerializable(typeof(SandboxPayment))]
[JsonSerializable(typeof(SandboxMined))]
[JsonSerializable(typeof(SandboxReorg))]
[JsonSerializable(typeof(SandboxProvider))]
[JsonSerializable(typeof(SandboxClock))]
[JsonSerializable(typeof(EventPageJson))]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(Page<Payment>))]
[JsonSerializable(typeof(Page<PaymentTransfer>))]
[JsonSerializable(typeof(Page<TimelineStep>))]
[JsonSerializable(typeof(Page<Certification>))]
[JsonSerializable(typeof(Page<ExceptionRecord>))]
[JsonSerializable(typeof(Page<UnmatchedTransfer>))]
[JsonSerializable(typeof(Page<ApiKey>))]
[JsonSerializable(typeof(Page<WebhookEndpoint>))]
[JsonSerializable(typeof(Page<WebhookDelivery>))]
[JsonSerializable(typeof(Page<WebhookAttempt>))]
[JsonSerializable(typeof(Page<SandboxBlock>))]
[JsonSerializable(typeof(Page<SandboxTransfer>))]
[JsonSerializable(typeof(CreatePaymentRequest))]
[JsonSerializable(typeof(CreateApiKeyRequest))]
[JsonSerializable(typeof(ChangeAccountRequest))]
[JsonSerializable(typeof(CreateWebhookEndpointRequest))]
[JsonSerializable(typeof(UpdateWebhookEndpointRequest))]
[JsonSerializable(typeof(ExplainSignatureRequest))]
[JsonSerializable(typeof(SandboxPayRequest))]
[JsonSerializable(typeof(ResolveBody))]
[JsonSerializable(typeof(ReasonBody))]
[JsonSerializable(typeof(OverlapBody))]
[JsonSerializable(typeof(SinceBody))]
[JsonSerializable(typeof(CertificationBody))]
[JsonSerializable(typeof(MineBody))]
[JsonSerializable(typeof(ProviderBody))]
[JsonSerializable(typeof(AdvanceBody))]
internal sealed partial class KobbopayJson : JsonSerializerContext;

internal sealed record RailList
{
    public required IReadOnlyList<Rail> Data { get; init; }
}
