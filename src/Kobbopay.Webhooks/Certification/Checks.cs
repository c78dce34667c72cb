namespace Kobbopay.Webhooks.Certification;

/// <summary>What a receiver is tried with, in this order; docs/webhooks.md lists them.</summary>
internal static class Checks
{
    public static readonly Check Valid = Good(
        "valid_event", "A valid event is taken",
        "Compute the signature over the raw body with this endpoint's secret, and answer 2xx, also to an order that "
        + "you do not know. POST /v1/webhook-tools/explain-signature says what is wrong with a signature.");

    public static readonly Check Duplicate = Good(
        "duplicate", "The same event is taken again",
        "Answer 2xx to an event whose id you have had, and do nothing more: events come again after a time-out, and "
        + "what you refuse is sent once more.");

    public static readonly Check OutOfOrder = Good(
        "out_of_order", "An older event of a payment is taken after a newer one",
        "Answer 2xx to a version that is older than the one you have, and leave the order as it is: events may arrive "
        + "in any order.");

    public static readonly Check StaleTimestamp = Bad(
        "stale_timestamp", "A request that was signed ten minutes ago is refused",
        "Compare the timestamp with your clock and refuse what is older than 300 s: whoever has recorded a request "
        + "could send it again later. Take webhook-timestamp or X-Kobbopay-Timestamp with its own signature; "
        + "X-Signature covers no time.");

    public static readonly Check WrongSignature = Bad(
        "wrong_signature", "A signature by another secret is refused",
        "Compare the signature with the one that you compute with this endpoint's secret, in constant time, and answer "
        + "400 or 401 when they differ: anyone can send a request to your URL.");

    public static readonly Check AlteredBody = Bad(
        "altered_body", "A body that was changed after signing is refused",
        "Compute the signature over the raw bytes of the body that came, all of them: this body had another amount "
        + "than the one that was signed.");

    public static readonly Check Rotation = Good(
        "rotation", "During a rotation one right signature of two is enough",
        "Try each entry of webhook-signature, wherever it stands, and take the request when one is right: while a "
        + "secret is rotated there are two. With X-Kobbopay-Signature, try X-Kobbopay-Signature-Next as well.");

    public static readonly Check Unsigned = Bad(
        "unsigned", "A request without a signature is refused",
        "Answer 400 or 401 when there is no signature header: a signature that is missing is as wrong as a false one.");

    public static readonly Check SlowBody = Good(
        "slow_body", "A body that arrives in pieces is taken",
        "Read the body to its end before you verify it: it may come in pieces, with time between them.");

    private static Check Good(string name, string title, string advice) => new(name, title, IsGood: true, advice);

    private static Check Bad(string name, string title, string advice) => new(name, title, IsGood: false, advice);
}
