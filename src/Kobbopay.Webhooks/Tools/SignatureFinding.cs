namespace Kobbopay.Webhooks.Tools;

/// <summary>What a signature turns out to be; never renamed.</summary>
internal static class SignatureVerdicts
{
    public const string Valid = "valid";
    public const string HeaderMissing = "header_missing";
    public const string MalformedHeader = "malformed_header";
    public const string TimestampOutOfTolerance = "timestamp_out_of_tolerance";
    public const string BodyReserialized = "body_reserialized";
    public const string OldSecret = "old_secret";
    public const string OtherEndpoint = "other_endpoint";
    public const string WrongEnvironment = "wrong_environment";
    public const string DeliveryUnknown = "delivery_unknown";
    public const string UnknownSignature = "unknown_signature";
}

/// <summary>What is to be said of one signature header. Never a secret, and never a signature.</summary>
/// <param name="Header">The signature header; null when there is none.</param>
/// <param name="FaultyHeader">The header that is missing, malformed or too far from the clock.</param>
/// <param name="SignatureMatches">Whether one of the merchant's secrets gives this signature over this body.</param>
/// <param name="EndpointId">The endpoint whose secret gave it.</param>
/// <param name="Secret">Which of that endpoint's: <c>current</c>, <c>next</c> or <c>previous</c>.</param>
/// <param name="AgeSeconds">The signed time before <c>receivedAt</c>; negative when it lies ahead.</param>
/// <param name="BodyDifference">How the body differs from what was sent.</param>
internal record SignatureFinding(
    string Verdict,
    string Explanation,
    string? Header = null,
    string? FaultyHeader = null,
    bool SignatureMatches = false,
    string? EndpointId = null,
    string? Secret = null,
    long? AgeSeconds = null,
    string? BodyDifference = null);

/// <summary>The finding that decides, and those of all signature headers.</summary>
internal sealed record ExplainSignatureAnswer : SignatureFinding
{
    public ExplainSignatureAnswer(SignatureFinding decisive, IReadOnlyList<SignatureFinding> signatures)
        : base(decisive) => Signatures = signatures;

    public IReadOnlyList<SignatureFinding> Signatures { get; }
}
