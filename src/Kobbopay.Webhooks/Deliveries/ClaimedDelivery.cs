using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>A delivery whose next attempt has been committed and is ours to make until its lease ends.</summary>
/// <param name="Attempt">This attempt's number, from 1.</param>
/// <param name="AttemptsBefore">Those of earlier rounds: a redelivery begins the schedule anew.</param>
/// <param name="PaymentUrl">The payment's own URL, when it replaces the endpoint's.</param>
/// <param name="DueAt">When this attempt fell due.</param>
/// <param name="ClaimedAt">When the attempt was committed; its lease counts from there.</param>
/// <param name="OrderedPaymentId">Later events of this payment wait until this one is done.</param>
/// <param name="NotBefore">Its turn, where the endpoint has a rate limit; otherwise long past.</param>
public sealed record ClaimedDelivery(
    DeliveryTarget Target,
    Guid DeliveryId,
    Guid EventId,
    int Attempt,
    int AttemptsBefore,
    string? PaymentUrl,
    DateTimeOffset DueAt,
    DateTimeOffset ClaimedAt,
    DateTimeOffset NotBefore,
    byte[] Body,
    string? TraceParent,
    Guid? OrderedPaymentId)
{
    /// <summary>Where the queue's row was in its table as it was claimed, a <c>ctid</c>. It may have moved.</summary>
    public string Place { get; init; } = "(0,0)";

    /// <summary>Attempts of this round, counting this one.</summary>
    public int AttemptOfRound => Attempt - AttemptsBefore;

    public DateTimeOffset LeaseEndsAt => ClaimedAt + DeliveryQueue.Lease;

    /// <summary>Where to send, by the rules of today; null when they refuse it.</summary>
    public Uri? CheckedUrl(EgressGuard egress) => PaymentUrl is null
        ? Target.CheckedUrl(egress)
        : EndpointUrl.Check(PaymentUrl, Target.Environment, egress, out var url) is null ? url : null;
}
