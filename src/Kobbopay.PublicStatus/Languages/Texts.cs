using System.Text.Json.Serialization;

namespace Kobbopay.PublicStatus.Languages;

/// <summary>
/// Every text that a payer reads, in one language, as its file has it: a file that lacks one, or has one too many, is
/// refused at the start. What stands in <c>{braces}</c> is filled in.
/// </summary>
public sealed record Texts
{
    // What to do now (Guidance).
    public required Sentence Pending { get; init; }

    public required Sentence PendingPartial { get; init; }

    public required Sentence PendingDelayed { get; init; }

    public required Sentence PendingReverted { get; init; }

    public required string TimeOver { get; init; }

    public required Sentence TimeOverPartial { get; init; }

    public required string Seen { get; init; }

    public required string SeenLate { get; init; }

    public required Sentence Paid { get; init; }

    public required Sentence PaidDelayed { get; init; }

    public required Sentence PaidOver { get; init; }

    public required string Confirmed { get; init; }

    public required Sentence ConfirmedOver { get; init; }

    public required Sentence ConfirmedUnder { get; init; }

    public required Sentence ConfirmedViolated { get; init; }

    public required string HasExpired { get; init; }

    public required string WasCanceled { get; init; }

    public required Sentence Ended { get; init; }

    public required Sentence EndedInFull { get; init; }

    public required Sentence EndedInPart { get; init; }

    public required Sentence UnknownStatus { get; init; }

    // The state in a few words.
    public required string HeadWaiting { get; init; }

    public required string HeadPartial { get; init; }

    public required string HeadReverted { get; init; }

    public required string HeadTimeOver { get; init; }

    public required string HeadPaid { get; init; }

    public required string HeadConfirmed { get; init; }

    public required string HeadCanceled { get; init; }

    public required string HeadExpired { get; init; }

    // The page.
    public required Sentence PaymentTo { get; init; }

    public required Sentence OnNetwork { get; init; }

    public required string Status { get; init; }

    public required Sentence Confirmations { get; init; }

    public required Sentence PayBefore { get; init; }

    public required Sentence Left { get; init; }

    public required Sentence Minutes { get; init; }

    public required Sentence Send { get; init; }

    public required string Amount { get; init; }

    public required string Address { get; init; }

    public required Sentence Contract { get; init; }

    public required string Copy { get; init; }

    public required string Copied { get; init; }

    public required string Selected { get; init; }

    public required string CopyAmount { get; init; }

    public required string CopyAddress { get; init; }

    public required string CopyContract { get; init; }

    public required Sentence Warning { get; init; }

    public required string CodeOfAddress { get; init; }

    public required string CodeOfPayment { get; init; }

    public required string AddressAndAmount { get; init; }

    public required string Received { get; init; }

    public required Sentence ReceivedOf { get; init; }

    public required string Missing { get; init; }

    public required Sentence Back { get; init; }

    public required string MayClose { get; init; }

    public required string Follows { get; init; }

    public required string Offline { get; init; }

    public required string Test { get; init; }

    public required string TestNote { get; init; }

    public required string NotFound { get; init; }

    public required string NotFoundText { get; init; }

    public required string TryAgain { get; init; }

    public required string TryAgainText { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Texts))]
internal sealed partial class TextsJson : JsonSerializerContext;
