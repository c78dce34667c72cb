namespace Kobbopay.Client;

/// <summary>
/// The values of <see cref="KobbopayProblemException.Code"/> that are known today. None is ever renamed; others may
/// come.
/// </summary>
public static class KobbopayProblemCodes
{
    /// <summary>The body is not valid JSON.</summary>
    public const string InvalidJson = "invalid_json";

    /// <summary>The request is invalid.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>This currency and network are not enabled.</summary>
    public const string UnsupportedRail = "unsupported_rail";

    /// <summary>The amount is out of range.</summary>
    public const string AmountOutOfRange = "amount_out_of_range";

    /// <summary>The amount has more decimals than the currency.</summary>
    public const string TooManyDecimals = "too_many_decimals";

    /// <summary>An API key is required.</summary>
    public const string AuthenticationRequired = "authentication_required";

    /// <summary>The API key is not valid.</summary>
    public const string InvalidApiKey = "invalid_api_key";

    /// <summary>The API key can't be checked right now.</summary>
    public const string AuthenticationUnavailable = "authentication_unavailable";

    /// <summary>The API key lacks a scope.</summary>
    public const string InsufficientScope = "insufficient_scope";

    /// <summary>The API key must not be used from this address.</summary>
    public const string AddressNotAllowed = "address_not_allowed";

    /// <summary>API keys must not be used in browsers.</summary>
    public const string ApiKeyInBrowser = "api_key_in_browser";

    /// <summary>Not available in this environment.</summary>
    public const string WrongEnvironment = "wrong_environment";

    /// <summary>Not found.</summary>
    public const string NotFound = "not_found";

    /// <summary>Method not allowed.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>Unsupported media type.</summary>
    public const string UnsupportedMediaType = "unsupported_media_type";

    /// <summary>The order has an open payment.</summary>
    public const string OrderHasOpenPayment = "order_has_open_payment";

    /// <summary>The order has been paid.</summary>
    public const string OrderAlreadyPaid = "order_already_paid";

    /// <summary>The payment can't be canceled.</summary>
    public const string PaymentNotCancelable = "payment_not_cancelable";

    /// <summary>The payment can't be resolved.</summary>
    public const string PaymentNotResolvable = "payment_not_resolvable";

    /// <summary>The idempotency key was used for another request.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";

    /// <summary>A request with this idempotency key is still running.</summary>
    public const string IdempotencyKeyInUse = "idempotency_key_in_use";

    /// <summary>A secret rotation is in progress.</summary>
    public const string RotationInProgress = "rotation_in_progress";

    /// <summary>The webhook endpoint is disabled.</summary>
    public const string EndpointDisabled = "endpoint_disabled";

    /// <summary>This has been decided already.</summary>
    public const string AlreadyDecided = "already_decided";

    /// <summary>The merchant is closed.</summary>
    public const string MerchantClosed = "merchant_closed";

    /// <summary>The receiver has not been certified.</summary>
    public const string CertificationRequired = "certification_required";

    /// <summary>The claim link can't be used any more.</summary>
    public const string ClaimEnded = "claim_ended";

    /// <summary>The cursor is not valid.</summary>
    public const string InvalidCursor = "invalid_cursor";

    /// <summary>The cursor is older than what is kept.</summary>
    public const string CursorExpired = "cursor_expired";

    /// <summary>The body is too large.</summary>
    public const string BodyTooLarge = "body_too_large";

    /// <summary>Too many requests.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>The service is not available right now.</summary>
    public const string ServiceUnavailable = "service_unavailable";

    /// <summary>A service gave no proper answer.</summary>
    public const string BadGateway = "bad_gateway";

    /// <summary>Something went wrong on our side.</summary>
    public const string InternalError = "internal_error";
}
